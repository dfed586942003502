import type { Context } from "./context.js";
import type { Measure, Where } from "./query.js";

/** What a metric's numbers mean, for axes and tables. */
export type MetricUnit = "count" | "money" | "ratio" | "days" | "number";

type Values = Record<string, unknown>;

/** One step of a funnel: the records that came at least this far. */
export interface FunnelStep<Row = Values, Related = unknown> {
  /** Unique within the funnel, and stable. */
  readonly name: string;
  readonly label: string;
  readonly where: Where<Row, Related>;
}

/** The steps in order, or a function that reads them where they are data, such as the stages of a pipeline. */
export type FunnelSteps<Row = Values, Related = unknown> =
  | readonly FunnelStep<Row, Related>[]
  | ((ctx: Context) => Promise<readonly FunnelStep<Row, Related>[]>);

/** A metric as declared. Made by `defineMetric`, `defineRatio` and `defineFunnel`. */
export interface MetricDefinition {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly unit: MetricUnit;
  readonly entity: string;
  /** The date or instant field by which it is placed in time. */
  readonly time: string | null;
  /** Fields it may be split by. */
  readonly dimensions: readonly string[];
  readonly kind: "measure" | "ratio" | "funnel";
  /** What is measured; for funnels at every step. */
  readonly measure: Measure<Values>;
  /** For ratios: `measure` divided by this; null where this is 0. */
  readonly divisor: Measure<Values> | null;
  /** For funnels. */
  readonly steps: FunnelSteps | null;
}
