import { type Context, type Entity, fromMinor, type Money, team, teamMember, toMinor } from "@corm/core";
import { reportingSums } from "../analysis/reporting-sums.js";
import { type Quota, quota } from "../entities/forecast.js";
import { territory } from "../entities/territory.js";

/** What a team or a territory was to sell, and has sold. */
export interface GroupQuota {
  readonly quotaId: string;
  readonly kind: "team" | "territory";
  readonly id: string;
  /** Empty where the actor may not see the team, or the territory. */
  readonly name: string;
  readonly quota: Money;
  /** Won in the period, of what the actor may see, by the members, or in the territory and below it. */
  readonly closed: Money;
  /** closed / quota; null where they are of different currencies, or the quota is nothing. */
  readonly attainment: number | null;
}

export interface GroupQuestion {
  readonly period: string;
  readonly from: string;
  readonly until: string;
  readonly asOf?: string | undefined;
}

const PAGE = 500;

/**
 * Quotas of teams and territories of a period that the actor may see, with what he may see that was won of them. As many queries
 * for many opportunities as for one: what was won by owner, and by territory, and the members and territories in pages of 500.
 *
 * @throws rate-missing, sales-report-too-large
 */
export async function groupQuotas(ctx: Context, question: GroupQuestion): Promise<GroupQuota[]> {
  const { period, from, until, asOf } = question;
  const found: Quota[] = [];
  const quotas = ctx.repo(quota).stream({
    where: { period, userId: null },
    orderBy: ["id"],
    limit: PAGE,
  });
  for await (const one of quotas) found.push(one);
  const teams = found.filter(({ teamId }) => teamId !== null);
  const territories = found.filter(({ territoryId }) => territoryId !== null);
  const wonBy = async (field: "ownerId" | "territoryId") => {
    const sums = await reportingSums(ctx, {
      where: { status: "won", closeDate: { gte: from, lte: until } },
      groupBy: [field],
      ...(asOf === undefined ? {} : { asOf }),
    });
    const won = new Map(
      sums.rows.map(({ groups, amount }) => [groups[field] as string | null, toMinor(amount)]),
    );
    return { won, currency: sums.currency };
  };
  const names = new Map([
    ...(await namesOf(
      ctx,
      team,
      teams.map(({ teamId }) => teamId as string),
    )),
    ...(await namesOf(
      ctx,
      territory,
      territories.map(({ territoryId }) => territoryId as string),
    )),
  ]);
  const system = ctx.asSystem({
    capability: "sales.forecast",
    reason: "teams and territories of a forecast",
  });
  const answers: GroupQuota[] = [];
  const add = (one: Quota, kind: "team" | "territory", closed: bigint, currency: string) => {
    const id = (one.teamId ?? one.territoryId) as string;
    const target = toMinor(one.amount);
    answers.push({
      ...{ quotaId: one.id, kind, id, name: names.get(id) ?? "" },
      quota: one.amount,
      closed: fromMinor(closed, currency),
      attainment:
        one.amount.currency !== currency || target === 0n
          ? null
          : Math.round((Number(closed) / Number(target)) * 10_000) / 10_000,
    });
  };
  if (teams.length > 0) {
    const { won, currency } = await wonBy("ownerId");
    const sums = new Map<string, bigint>();
    const members = system.repo(teamMember).stream({
      where: { teamId: { in: teams.map(({ teamId }) => teamId as string) } },
      select: ["teamId", "userId"],
      limit: PAGE,
    });
    for await (const { teamId, userId } of members)
      sums.set(teamId, (sums.get(teamId) ?? 0n) + (won.get(userId) ?? 0n));
    for (const one of teams) add(one, "team", sums.get(one.teamId as string) ?? 0n, currency);
  }
  if (territories.length > 0) {
    const { won, currency } = await wonBy("territoryId");
    const sums = new Map<string, bigint>();
    const ids = [...won.keys()].filter((id) => id !== null);
    // Where a territory lies is no secret to whoever may see what was won there.
    const places = system
      .repo(territory)
      .stream({ where: { id: { in: ids } }, select: ["id", "path"], limit: PAGE });
    for await (const { id, path } of places)
      for (const above of [...path.split("/").filter(Boolean), id])
        sums.set(above, (sums.get(above) ?? 0n) + (won.get(id) ?? 0n));
    for (const one of territories) add(one, "territory", sums.get(one.territoryId as string) ?? 0n, currency);
  }
  return answers;
}

/** Names of those that the actor may see. */
async function namesOf<Row extends { readonly id: string; readonly name: string }>(
  ctx: Context,
  entity: Entity<string, Row>,
  ids: readonly string[],
): Promise<[string, string][]> {
  if (ids.length === 0 || !(await ctx.can("read", entity))) return [];
  const names: [string, string][] = [];
  const found = ctx.repo(entity).stream({ where: { id: { in: ids } } as never, limit: PAGE });
  for await (const { id, name } of found as AsyncIterable<Row>) names.push([id, name]);
  return names;
}
