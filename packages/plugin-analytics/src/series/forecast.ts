import type { SeriesForecast, SeriesQuestion } from "@corm/core";
import { InsufficientHistory, InvalidSeries } from "../errors.js";
import { ahead, fit, smooth } from "./smoothing.js";

/** Values and steps at most: a question of more is not one of a business. */
const MAX_VALUES = 10_000;
const MAX_HORIZON = 1000;
/** Of a normal distribution: nine in ten. */
const Z90 = 1.6449;
/** Seasons that smoothing begins from; the holdout comes on top. */
const LEAST_SEASONS = 2;

/**
 * Looks ahead by exponential smoothing with a level, a trend and an additive season (Holt-Winters). The end of the series is
 * held out first: the error of predicting it says how good the method is here, and how wide the ranges are. Where repeating
 * the last season would have been better, that is what is done.
 *
 * @throws insufficient-history, invalid-series
 */
export function forecastSeries({ values, season, horizon }: SeriesQuestion): SeriesForecast {
  check({ values, season, horizon });
  const held = holdoutOf(values.length, season);
  const known = values.slice(0, values.length - held);
  const truth = values.slice(values.length - held);
  const early = smooth(known, season, fit(known, season));
  const smoothed = truth.map((value, at) => Math.abs(value - ahead(early, known.length, at + 1)));
  const repeated = truth.map((value, at) => Math.abs(value - naive(known, season, at)));
  const mae = mean(smoothed);
  const naiveMae = mean(repeated);
  const better = mae <= naiveMae;
  const holdout = {
    ...{ values: held, meanAbsoluteError: better ? mae : naiveMae, naiveError: naiveMae },
  };
  const state = smooth(values, season, fit(values, season));
  // The error on the holdout counts where it is larger: what fits the past well need not foresee.
  const spread = Math.max(deviation(state.errors), (better ? mae : naiveMae) * 1.2533);
  const points = Array.from({ length: horizon }, (_, at) => {
    const value = better ? ahead(state, values.length, at + 1) : naive(values, season, at);
    // Errors add up the further one looks: by seasons, since each begins anew from what was said of the last.
    const range = Z90 * spread * Math.sqrt(1 + Math.floor(at / season));
    return { value, low: value - range, high: value + range };
  });
  const method = better
    ? "Holt-Winters exponential smoothing, additive season, 90 % range"
    : "seasonal naive (better on the holdout than exponential smoothing), 90 % range";
  return { method, points, holdout };
}

const naive = (values: readonly number[], season: number, at: number): number =>
  values[values.length - season + (at % season)] as number;

/** As much as one season, as long as two stay to begin from. */
const holdoutOf = (count: number, season: number): number =>
  Math.max(1, Math.min(season, count - LEAST_SEASONS * season));

function check({ values, season, horizon }: SeriesQuestion): void {
  const whole = (value: number, most: number) => Number.isInteger(value) && value > 0 && value <= most;
  if (!whole(season, 1000)) throw InvalidSeries({ reason: "a season has 1 to 1,000 values" });
  if (!whole(horizon, MAX_HORIZON))
    throw InvalidSeries({ reason: `1 to ${MAX_HORIZON} values can be asked for` });
  if (values.length > MAX_VALUES)
    throw InvalidSeries({ reason: `a series has at most ${MAX_VALUES} values` });
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw InvalidSeries({ reason: `value ${wrong} is no number` });
  const needed = LEAST_SEASONS * season + 1;
  if (values.length < needed) throw InsufficientHistory({ given: values.length, needed, season });
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);

const deviation = (errors: readonly number[]): number =>
  Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / Math.max(errors.length, 1));
