import type { Context, FunnelStep, Measure } from "@corm/core";
import { InvalidMetricQuery } from "../errors.js";
import { findMetric } from "./find-metric.js";
import { allOf } from "./measure-sources.js";
import { timeCondition } from "./time-condition.js";

export interface FunnelQuery {
  /** Name of a funnel metric, e.g. `sales.funnel`. */
  readonly metric: string;
  readonly from?: string;
  readonly to?: string;
  /** IANA zone in which days begin, for funnels placed by an instant. Default UTC. */
  readonly timeZone?: string;
  readonly where?: Readonly<Record<string, unknown>>;
  /** An instant: how far the records had come then. Steps that are data are those of now. */
  readonly asOf?: string;
}

export interface FunnelAnswerStep {
  readonly name: string;
  readonly label: string;
  readonly count: number;
  /** Of the step before; null for the first one and after an empty one. */
  readonly conversion: number | null;
  /** Of the first step; null where that is empty. */
  readonly overall: number | null;
}

export interface FunnelAnswer {
  readonly metric: string;
  readonly label: string;
  readonly steps: readonly FunnelAnswerStep[];
}

type Values = Record<string, unknown>;

/** How many records come how far: all steps in one statement. @throws unknown-metric, invalid-metric-query */
export async function queryFunnel(ctx: Context, query: FunnelQuery): Promise<FunnelAnswer> {
  const metric = findMetric(ctx, query.metric);
  if (metric.kind !== "funnel" || !metric.steps) {
    throw InvalidMetricQuery({
      reason: `"${metric.name}" is not a funnel: ask for it with the query action.`,
    });
  }
  const steps: readonly FunnelStep[] =
    typeof metric.steps === "function" ? await metric.steps(ctx) : metric.steps;
  const answer = { metric: metric.name, label: metric.label };
  if (steps.length === 0) return { ...answer, steps: [] };
  const entity = ctx.catalog.entities.get(metric.entity);
  const field = metric.time ? entity?.fields.get(metric.time) : undefined;
  if (!entity) throw new Error(`metric on unknown entity ${metric.entity}`); // composition checks it
  const between = field ? timeCondition(field, query) : undefined;
  if (!field && (query.from || query.to)) {
    throw InvalidMetricQuery({ reason: `"${metric.name}" has no place in time: leave out from and to.` });
  }
  const measures: Record<string, Measure<Values>> = {};
  steps.forEach((step, i) => {
    measures[`s${i}`] = { count: true, where: step.where };
  });
  const [row] = await ctx.repo(entity.handle).aggregate({
    where: allOf(query.where, between),
    measures,
    ...(query.asOf === undefined ? {} : { asOf: query.asOf }),
  });
  const counts = steps.map((_, i) => ((row as Values | undefined)?.[`s${i}`] as number | undefined) ?? 0);
  return {
    ...answer,
    steps: steps.map(({ name, label }, i) => {
      const count = counts[i] as number;
      return {
        name,
        label,
        count,
        conversion: share(count, counts[i - 1]),
        overall: share(count, counts[0]),
      };
    }),
  };
}

function share(part: number, whole: number | undefined): number | null {
  return whole === undefined || whole === 0 ? null : part / whole;
}
