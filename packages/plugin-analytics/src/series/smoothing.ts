/** Holt-Winters with an additive season: what one pass over a series leaves behind. */
export interface Smoothed {
  readonly level: number;
  readonly trend: number;
  /** By position in the season; `season[t % length]` belongs to the value at `t`. */
  readonly seasons: readonly number[];
  /** One-step errors after the first season. */
  readonly errors: readonly number[];
}

export interface Weights {
  /** Of the level, the trend and the season: 0 for what never changes, 1 for what the last value says. */
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);

/** Where smoothing begins: the first season's level, the mean step between the first two, and how values lie about it. */
function begin(values: readonly number[], length: number) {
  const first = values.slice(0, length);
  const level = mean(first);
  const trend = (mean(values.slice(length, 2 * length)) - level) / length;
  // Within the first season the trend is taken out, or it would stand in the season as well.
  const middle = (length - 1) / 2;
  const seasons = first.map((value, at) => value - (level + trend * (at - middle)));
  return { level: level + trend * middle, trend, seasons };
}

/** @param length values in one season; `values` has two of them at least */
export function smooth(values: readonly number[], length: number, { alpha, beta, gamma }: Weights): Smoothed {
  let { level, trend, seasons } = begin(values, length);
  seasons = [...seasons];
  const errors: number[] = [];
  for (let t = length; t < values.length; t++) {
    const value = values[t] as number;
    const season = seasons[t % length] as number;
    errors.push(value - (level + trend + season));
    const next = alpha * (value - season) + (1 - alpha) * (level + trend);
    trend = beta * (next - level) + (1 - beta) * trend;
    seasons[t % length] = gamma * (value - next) + (1 - gamma) * season;
    level = next;
  }
  return { level, trend, seasons, errors };
}

/** What comes next, from the state after `count` values. */
export const ahead = ({ level, trend, seasons }: Smoothed, count: number, step: number): number =>
  level + step * trend + (seasons[(count + step - 1) % seasons.length] as number);

const STEPS = [0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9];

/** The weights with the least squared one-step error, on a fixed grid: the same series has the same ones. */
export function fit(values: readonly number[], length: number): Weights {
  let best: Weights = { alpha: 0.2, beta: 0, gamma: 0.1 };
  let least = Number.POSITIVE_INFINITY;
  for (const alpha of STEPS)
    for (const beta of STEPS.slice(0, 5))
      for (const gamma of STEPS.slice(0, 6)) {
        const { errors } = smooth(values, length, { alpha, beta, gamma });
        const squares = errors.reduce((sum, error) => sum + error * error, 0);
        if (squares < least * (1 - 1e-12)) {
          least = squares;
          best = { alpha, beta, gamma };
        }
      }
  return best;
}
