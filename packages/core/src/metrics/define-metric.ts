import type { Measure, Where } from "../context/query.js";
import type { Entity } from "../entity/entity.js";

type Names<T> = keyof T & string;

/** What a metric's numbers mean, for axes and tables. */
export type MetricUnit = "count" | "money" | "ratio" | "days" | "number";

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
  readonly kind: "measure" | "ratio";
  readonly measure: Measure<Record<string, unknown>>;
  /** For ratios: `measure` divided by this; null where this is 0. */
  readonly divisor: Measure<Record<string, unknown>> | null;
}

interface Common<Row> {
  /** `plugin.name`, e.g. `sales.wonRevenue`. */
  readonly name: string;
  readonly label: string;
  readonly description?: string;
  readonly time?: Names<Row>;
  readonly dimensions?: readonly Names<Row>[];
}

function metric(
  on: { readonly name: string },
  options: Common<never>,
  rest: Pick<MetricDefinition, "kind" | "unit" | "measure" | "divisor">,
): MetricDefinition {
  return {
    name: options.name,
    label: options.label,
    description: options.description ?? "",
    entity: on.name,
    time: options.time ?? null,
    dimensions: options.dimensions ?? [],
    ...rest,
  };
}

/** A number that a plugin declares beside its entity, once, for reports, dashboards and alerts. */
export function defineMetric<Row, Input, Related>(
  on: Entity<string, Row, Input, Related>,
  options: Common<Row> & { readonly unit: MetricUnit; readonly measure: Measure<Row, Related> },
): MetricDefinition {
  return metric(on, options as Common<never>, {
    kind: "measure",
    unit: options.unit,
    measure: options.measure as MetricDefinition["measure"],
    divisor: null,
  });
}

/** One measure divided by another over the same records, e.g. won by won and lost. */
export function defineRatio<Row, Input, Related>(
  on: Entity<string, Row, Input, Related>,
  options: Common<Row> & {
    readonly numerator: Measure<Row, Related>;
    readonly denominator: Measure<Row, Related>;
    readonly where?: Where<Row, Related>;
  },
): MetricDefinition {
  return metric(on, options as Common<never>, {
    kind: "ratio",
    unit: "ratio",
    measure: options.numerator as MetricDefinition["measure"],
    divisor: options.denominator as MetricDefinition["measure"],
  });
}
