import { type AnyEntity, type Context, type Repository, toInstant } from "@corm/core";
import { lead } from "../entities/lead.js";
import type { BehaviourRule, ScoringModel } from "../entities/scoring-model.js";
import { decay, type Facts } from "./judge.js";

/** An event that counts for less than a millionth of its points is not read any more. */
const HALVINGS = 20;
const DAY_MS = 86_400_000;

const AT: Readonly<Record<string, string>> = { touchpoint: "capturedAt", activity: "doneAt" };
/** The field that says when an event happened. */
export const atOf = ({ on, at }: Pick<BehaviourRule, "on" | "at">): string => at ?? AT[on] ?? "createdAt";

type Row = Readonly<Record<string, unknown>>;
type Events = Repository<Row, Row, Row>;

/** The records that a behaviour rule counts. */
export function eventsOf(ctx: Context, on: string): Events {
  return ctx.repo(ctx.catalog.entities.get(on)?.handle as AnyEntity) as unknown as Events;
}

interface Gathered {
  readonly fit: Set<string>;
  readonly behaviour: Map<string, { count: number; weight: number }>;
  readonly profile: Set<string>;
}

/**
 * What the rules ask about leads: one query per rule for all of them. At most 500 leads. With the rights of the system.
 */
export async function gather(
  ctx: Context,
  model: ScoringModel,
  ids: readonly string[],
): Promise<Map<string, Facts>> {
  const facts = new Map<string, Gathered>(
    ids.map((id) => [id, { fit: new Set(), behaviour: new Map(), profile: new Set() }]),
  );
  if (ids.length === 0) return facts;
  for (const [part, rules] of [
    ["fit", model.fit],
    ["profile", model.profile],
  ] as const) {
    for (const { key, where } of rules) {
      for (const id of await satisfying(ctx, ids, where)) facts.get(id)?.[part].add(key);
    }
  }
  for (const rule of model.behaviour) await count(ctx, rule, ids, facts);
  return facts;
}

async function satisfying(ctx: Context, ids: readonly string[], where: unknown): Promise<string[]> {
  const { items } = await ctx.repo(lead).find({
    where: { and: [{ id: { in: ids } }, where as never] },
    select: ["id"],
    limit: ids.length,
  });
  return items.map(({ id }) => id);
}

async function count(
  ctx: Context,
  rule: BehaviourRule,
  ids: readonly string[],
  facts: ReadonlyMap<string, Gathered>,
): Promise<void> {
  const now = ctx.clock.now();
  const at = atOf(rule);
  const { halfLifeDays } = rule;
  const oldest = halfLifeDays === undefined ? undefined : now - HALVINGS * halfLifeDays * DAY_MS;
  const where = {
    and: [
      { leadId: { in: ids } },
      { [at]: { lte: ctx.now(), ...(oldest === undefined ? {} : { gt: toInstant(oldest) }) } },
      rule.where ?? {},
    ],
  } as never;
  const add = (leadId: unknown, count: number, weight: number) => {
    const own = facts.get(String(leadId))?.behaviour;
    const known = own?.get(rule.key) ?? { count: 0, weight: 0 };
    own?.set(rule.key, { count: known.count + count, weight: known.weight + weight });
  };
  const events = eventsOf(ctx, rule.on);
  if (halfLifeDays === undefined) {
    const rows = await events.aggregate({
      where,
      groupBy: ["leadId" as never],
      measures: { n: { count: true } },
      limit: ids.length,
    });
    for (const row of rows) add(row["leadId"], row.n, row.n);
    return;
  }
  // By time, so that sums of fractions come out the same whenever they are made.
  for await (const event of events.stream({
    where,
    select: ["id", "leadId", at],
    orderBy: [at, "id"],
    limit: 500,
  } as never)) {
    const row = event as Row;
    add(row["leadId"], 1, decay(now - Date.parse(String(row[at])), halfLifeDays));
  }
}
