import type { FunnelSteps, MetricDefinition, MetricUnit } from "../context/metric.js";
import type { Measure, Where } from "../context/query.js";
import type { Entity } from "../entity/entity.js";

export type { FunnelStep, FunnelSteps, MetricDefinition, MetricUnit } from "../context/metric.js";

type Names<T> = keyof T & string;

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
  rest: Pick<MetricDefinition, "kind" | "unit" | "measure"> &
    Partial<Pick<MetricDefinition, "divisor" | "steps">>,
): MetricDefinition {
  return {
    name: options.name,
    label: options.label,
    description: options.description ?? "",
    entity: on.name,
    time: options.time ?? null,
    dimensions: options.dimensions ?? [],
    divisor: null,
    steps: null,
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
  });
}

/** One measure divided by another over the same records, e.g. won by won and lost. */
export function defineRatio<Row, Input, Related>(
  on: Entity<string, Row, Input, Related>,
  options: Common<Row> & {
    readonly numerator: Measure<Row, Related>;
    readonly denominator: Measure<Row, Related>;
    /** Narrows both. */
    readonly where?: Where<Row, Related>;
  },
): MetricDefinition {
  const narrowed = (measure: Measure<Row, Related>): MetricDefinition["measure"] => {
    const parts = [options.where, measure.where].filter((where) => where !== undefined);
    return (
      parts.length === 0 ? measure : { ...measure, where: { and: parts } }
    ) as MetricDefinition["measure"];
  };
  return metric(on, options as Common<never>, {
    kind: "ratio",
    unit: "ratio",
    measure: narrowed(options.numerator),
    divisor: narrowed(options.denominator),
  });
}

/**
 * How many records come how far. Every step says which records came at least to it; a record that skipped a step
 * still counts in it when its `where` says so.
 *
 * @example
 * defineFunnel(lead, {
 *   name: "leads.funnel", label: "Lead funnel", time: "createdAt",
 *   steps: [
 *     { name: "captured", label: "Captured", where: {} },
 *     { name: "qualified", label: "Qualified", where: { stage: { in: ["qualified", "converted"] } } },
 *     { name: "converted", label: "Converted", where: { stage: "converted" } },
 *   ],
 * })
 */
export function defineFunnel<Row, Input, Related>(
  on: Entity<string, Row, Input, Related>,
  options: Common<Row> & { readonly steps: FunnelSteps<Row, Related> },
): MetricDefinition {
  return metric(on, options as Common<never>, {
    kind: "funnel",
    unit: "count",
    measure: { count: true },
    steps: options.steps as unknown as FunnelSteps,
  });
}
