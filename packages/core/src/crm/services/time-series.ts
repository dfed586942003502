import { defineService } from "../../services/define-service.js";

/** A series of values at even distances, oldest first. */
export interface SeriesQuestion {
  readonly values: readonly number[];
  /** Values in one season: 12 for months of a year. */
  readonly season: number;
  /** How many values are asked for. */
  readonly horizon: number;
}

export interface SeriesForecast {
  /** What it was reckoned with. */
  readonly method: string;
  readonly points: readonly { readonly value: number; readonly low: number; readonly high: number }[];
}

/** How other plugins look ahead without knowing the plugin that can. */
export interface TimeSeries {
  forecast(question: SeriesQuestion): Promise<SeriesForecast>;
}

export const timeSeries = defineService<TimeSeries>("crm.timeSeries");
