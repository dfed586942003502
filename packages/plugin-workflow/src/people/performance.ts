import type { Context, Money } from "@corm/core";
import { ownerFieldOf, targetOf } from "../assignment/target.js";
import type { PerformanceTarget } from "../entities/performance-target.js";
import { TargetInvalid } from "../errors.js";

const DAY_MS = 86_400_000;

export interface Performance {
  readonly userId: string;
  readonly metric: string;
  readonly from: string;
  readonly until: string;
  readonly target: number;
  /** What it has come to; null where there is nothing to measure. */
  readonly actual: number | null;
  /** `actual` as a share of `target`. */
  readonly attainment: number | null;
}

type Values = Readonly<Record<string, unknown>>;
type Measured = Readonly<Record<string, unknown>>;

/**
 * What targets have come to, measured as the app's metrics are and seen by whoever asks: one aggregate for each metric and
 * stretch of time, however many people there are.
 */
export async function performanceOf(
  ctx: Context,
  targets: readonly PerformanceTarget[],
): Promise<Performance[]> {
  const groups = new Map<string, PerformanceTarget[]>();
  for (const one of targets) {
    const key = JSON.stringify([one.metric, one.from, one.until]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const found: Performance[] = [];
  for (const group of groups.values()) {
    const actual = await measured(ctx, group);
    for (const { userId, metric, from, until, value } of group) {
      const reached = actual.get(userId) ?? null;
      const attainment = reached === null ? null : reached / value;
      found.push({ userId, metric, from, until, target: value, actual: reached, attainment });
    }
  }
  return found;
}

async function measured(
  ctx: Context,
  group: readonly PerformanceTarget[],
): Promise<Map<string, number | null>> {
  const [{ metric: name, from, until }] = group as [PerformanceTarget];
  const { entity, time, measure, divisor } = metricOf(ctx, name);
  const owner = ownerFieldOf(ctx, entity);
  const kind = ctx.catalog.entities.get(entity)?.fields.get(time)?.kind;
  const end = kind === "date" ? { lte: until } : { lt: nextDay(until) };
  const begin = { gte: kind === "date" ? from : `${from}T00:00:00.000Z` };
  const users = [...new Set(group.map(({ userId }) => userId))];
  const rows = (await targetOf(ctx, entity).aggregate({
    where: { [owner]: { in: users }, [time]: { ...begin, ...end } } as never,
    groupBy: [owner],
    measures: { value: measure, ...(divisor === null ? {} : { divisor }) } as never,
    limit: users.length,
  })) as Measured[];
  const empty = divisor === null && "count" in (measure as Values) ? 0 : null;
  const values = new Map<string, number | null>(users.map((id) => [id, empty]));
  for (const row of rows) {
    const value = numberOf(row["value"]);
    const by = divisor === null ? 1 : numberOf(row["divisor"]);
    values.set(String(row[owner]), value === null || !by ? null : value / by);
  }
  return values;
}

/** @throws target-invalid where nobody can be measured by it */
export function metricOf(ctx: Context, name: string) {
  const metric = ctx.catalog.metrics.get(name);
  if (!metric) throw TargetInvalid({ pointer: "/metric", reason: `"${name}" is no metric that you may see` });
  const { entity, time, kind, measure, divisor } = metric;
  if (kind === "funnel" || time === null)
    throw TargetInvalid({ pointer: "/metric", reason: `"${name}" is not placed in time, or is a funnel` });
  if (ctx.catalog.entities.get(entity)?.owner == null)
    throw TargetInvalid({ pointer: "/metric", reason: `"${name}" is of records that belong to nobody` });
  return { entity, time, measure, divisor };
}

const nextDay = (day: string): string => new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString();

function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  const { amount } = (value ?? {}) as Partial<Money>;
  return amount === undefined ? null : Number(amount);
}
