import { type Context, exchange, type Money, type RateUsed, subordinate, toMinor, user } from "@corm/core";
import { reportingSums } from "../analysis/reporting-sums.js";
import { forecastEntry, quota } from "../entities/forecast.js";
import { type GroupQuota, groupQuotas } from "./group-quotas.js";
import { periodDays } from "./period.js";
import {
  type Adjustment,
  type Amounts,
  type Category,
  type Columns,
  type CumulativeColumns,
  columnsOf,
  cumulativeOf,
  type Leaf,
  NOTHING,
  plus,
  type Rolled,
  rollUp,
} from "./roll-up.js";

export interface ForecastQuestion {
  readonly period: string;
  /** Whose branch. Default: everybody, and what belongs to nobody. */
  readonly managerId?: string;
  /** Opportunities as they stood at an instant. Adjustments and people are those of now. */
  readonly asOf?: string;
}

export interface ForecastLine {
  readonly userId: string;
  readonly name: string;
  readonly managerId: string | null;
  readonly own: Columns;
  readonly rollUp: Columns;
  readonly cumulative: CumulativeColumns;
  /** With adjustments: what his manager sees. */
  readonly adjusted: Columns;
  readonly quota: Money | null;
  /** Closed of the roll-up, by the quota; null without one. */
  readonly attainment: number | null;
}

export interface Forecast {
  readonly currency: string;
  readonly from: string;
  readonly until: string;
  readonly opportunities: number;
  /** Everything that closes in the period: the categories add up to it. */
  readonly total: Money;
  readonly categories: Columns;
  readonly cumulative: CumulativeColumns;
  /** What belongs to nobody, or to somebody who is not in the lines. */
  readonly unassigned: Columns;
  readonly lines: readonly ForecastLine[];
  /** Of teams and territories; for everybody alone, and empty in the forecast of one branch. */
  readonly groups: readonly GroupQuota[];
  readonly adjustments: readonly {
    readonly id: string;
    readonly managerId: string;
    readonly userId: string;
    readonly category: Category;
    readonly amount: Money;
    /** What it stands for. */
    readonly original: Money;
    readonly note: string | null;
  }[];
  readonly rates: readonly RateUsed[];
}

const PAGE = 500;

/**
 * The forecast of a period, rolled up the tree of managers. It takes as many queries for many opportunities as for one; people and
 * adjustments are read in pages of 500.
 *
 * @throws rate-missing, sales-report-too-large
 */
export async function forecastOf(
  ctx: Context,
  { period, managerId, asOf }: ForecastQuestion,
): Promise<Forecast> {
  const { from, until } = periodDays(period);
  const people = await peopleOf(ctx, managerId);
  const narrowed = managerId === undefined ? {} : { ownerId: { in: [...people.keys()] } };
  const sums = await reportingSums(ctx, {
    where: { closeDate: { gte: from, lte: until }, ...narrowed },
    groupBy: ["ownerId", "forecastCategory"],
    ...(asOf === undefined ? {} : { asOf }),
  });
  const { currency } = sums;
  const own = new Map<string, Amounts>();
  let unassigned = NOTHING;
  let opportunities = 0;
  for (const { groups, amount, count } of sums.rows) {
    opportunities += count;
    const ownerId = groups["ownerId"] as string | null;
    const part = { ...NOTHING, [groups["forecastCategory"] as Category]: toMinor(amount) };
    if (ownerId === null || !people.has(ownerId)) unassigned = plus(unassigned, part);
    else own.set(ownerId, plus(own.get(ownerId) ?? NOTHING, part));
  }
  const leaves = [...people.values()].map(
    ({ id, managerId: above }): Leaf => ({ userId: id, managerId: above, own: own.get(id) ?? NOTHING }),
  );
  const entries = await entriesOf(ctx, period, people, currency);
  const rolled = rollUp(leaves, entries);
  const quotas = await quotasOf(ctx, period, people);
  const everything = leaves.reduce((sum, leaf) => plus(sum, leaf.own), unassigned);
  const money = (amounts: Amounts) => columnsOf(amounts, currency);
  const all = Object.values(everything).reduce((sum: bigint, one: bigint) => sum + one, 0n);
  return {
    currency,
    from,
    until,
    opportunities,
    total: moneyOf(all, currency),
    categories: money(everything),
    cumulative: cumulativeOf(everything, currency),
    unassigned: money(unassigned),
    lines: [...people.values()].map(({ id, name }) => {
      const line = rolled.get(id) as Rolled;
      const target = quotas.get(id) ?? null;
      return {
        userId: id,
        name,
        managerId: line.managerId,
        own: money(line.own),
        rollUp: money(line.rollUp),
        cumulative: cumulativeOf(line.rollUp, currency),
        adjusted: money(line.adjusted),
        quota: target,
        attainment: attainment(line.rollUp.closed, target, currency),
      };
    }),
    groups: managerId === undefined ? await groupQuotas(ctx, { period, from, until, asOf }) : [],
    adjustments: entries.map(({ id, note, ...entry }) => ({
      ...{ id, note, managerId: entry.managerId, userId: entry.userId, category: entry.category },
      amount: moneyOf(entry.amount, currency),
      original: moneyOf(rolled.get(entry.userId)?.rollUp[entry.category] ?? 0n, currency),
    })),
    rates: sums.rates,
  };
}

const moneyOf = (minor: bigint, currency: string): Money =>
  columnsOf({ ...NOTHING, closed: minor }, currency).closed;

function attainment(closed: bigint, target: Money | null, currency: string): number | null {
  if (target === null || target.currency !== currency || Number(target.amount) === 0) return null;
  return Math.round((Number(closed) / Number(toMinor(target))) * 10_000) / 10_000;
}

interface Person {
  readonly id: string;
  readonly name: string;
  readonly managerId: string | null;
}

/** The branch of a manager by the pairs of the hierarchy, or everybody; by id. */
async function peopleOf(ctx: Context, managerId: string | undefined): Promise<Map<string, Person>> {
  const people = new Map<string, Person>();
  const system = ctx.asSystem({ capability: "sales.forecast", reason: "people of a forecast" });
  const ids: string[] = [];
  if (managerId !== undefined) {
    ids.push((await ctx.repo(user).get(managerId)).id);
    for await (const { userId } of system
      .repo(subordinate)
      .stream({ where: { managerId }, select: ["userId"], limit: PAGE }))
      ids.push(userId);
  }
  const where = managerId === undefined ? {} : { where: { id: { in: ids } } };
  const found = ctx
    .repo(user)
    .stream({ ...where, select: ["id", "name", "managerId"], orderBy: ["id"], limit: PAGE });
  for await (const person of found) people.set(person.id, person);
  return people;
}

async function entriesOf(
  ctx: Context,
  period: string,
  people: ReadonlyMap<string, Person>,
  currency: string,
): Promise<(Adjustment & { readonly id: string; readonly note: string | null })[]> {
  const found: (Adjustment & { readonly id: string; readonly note: string | null })[] = [];
  // What managers say is theirs: the caller's forecast goes by what he may see of it.
  if (!ctx.catalog.entities.has(forecastEntry.name)) return found;
  const entries = ctx.repo(forecastEntry).stream({ where: { period }, orderBy: ["id"], limit: PAGE });
  for await (const { id, managerId, userId, category, amount, note } of entries) {
    if (!people.has(managerId) || !people.has(userId)) continue;
    // Kept in the reporting currency of its time, which may have been another one.
    const converted =
      amount.currency === currency
        ? amount
        : (await ctx.service(exchange).convert(amount, { to: currency })).money;
    found.push({ id, managerId, userId, category, amount: toMinor(converted), note });
  }
  return found;
}

async function quotasOf(
  ctx: Context,
  period: string,
  people: ReadonlyMap<string, Person>,
): Promise<Map<string, Money>> {
  const quotas = new Map<string, Money>();
  const found = ctx.repo(quota).stream({ where: { period, userId: { isNull: false } }, limit: PAGE });
  for await (const { userId, amount } of found)
    if (userId !== null && people.has(userId)) quotas.set(userId, amount);
  return quotas;
}
