import { defineService } from "../../services/define-service.js";

/** A series of values at even distances, oldest first. */
export interface SeriesQuestion {
  readonly values: readonly number[];
  /** Values in one season: 12 for months of a year. */
  readonly season: number;
  /** How many values are asked for. */
  readonly horizon: number;
}

/** How good the method was on the end of the series, which it was not shown. */
export interface SeriesHoldout {
  /** How many values were held out. */
  readonly values: number;
  /** In the unit of the values. */
  readonly meanAbsoluteError: number;
  /** Of repeating the last season, to compare with. */
  readonly naiveError: number;
}

export interface SeriesForecast {
  /** What it was reckoned with. */
  readonly method: string;
  readonly holdout?: SeriesHoldout;
  readonly points: readonly { readonly value: number; readonly low: number; readonly high: number }[];
}

/** How other plugins look ahead without knowing the plugin that can. */
export interface TimeSeries {
  /** @throws insufficient-history where the series is too short for its season */
  forecast(question: SeriesQuestion): Promise<SeriesForecast>;
}

export const timeSeries = defineService<TimeSeries>("crm.timeSeries");
