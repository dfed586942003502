import { addMoney, type Context, defineAction, money, Type, teamMember, toMinor } from "@corm/core";
import { reportingSums } from "../analysis/reporting-sums.js";
import { type Quota, quota } from "../entities/forecast.js";
import { periodDays } from "../forecast/period.js";
import { descendantOf } from "../territories/descendant-of.js";

/** What was sold of a quota. `POST /api/quotas/{id}/attainment` */
export const quotaAttainment = defineAction({
  name: "attainment",
  on: quota,
  readOnly: true,
  label: "Attainment",
  description:
    "What was won in the period by the user alone, by the members of the team, or in the territory and below it, in the currency of the quota.",
  input: Type.Object({}),
  output: Type.Object({
    quota: money(),
    closed: money(),
    count: Type.Integer(),
    /** closed / quota; null for a quota of nothing. */
    attainment: Type.Union([Type.Number(), Type.Null()]),
  }),
  run: async ({ record }, ctx) => {
    const { from, until } = periodDays(record.period);
    const { rows } = await reportingSums(ctx, {
      where: { and: [{ status: "won", closeDate: { gte: from, lte: until } }, await holder(ctx, record)] },
      to: record.amount.currency,
    });
    const shown = addMoney(rows[0]?.amount ?? { ...record.amount, amount: "0" }, {
      ...record.amount,
      amount: "0",
    });
    const target = toMinor(record.amount);
    const attainment =
      target === 0n ? null : Math.round((Number(toMinor(shown)) / Number(target)) * 10_000) / 10_000;
    return { quota: record.amount, closed: shown, count: rows[0]?.count ?? 0, attainment };
  },
});

/** Whose opportunities count. */
async function holder(ctx: Context, { userId, teamId, territoryId }: Quota): Promise<object> {
  if (territoryId !== null) return descendantOf(territoryId);
  if (teamId === null) return { ownerId: userId };
  const members: string[] = [];
  for await (const { userId: id } of ctx
    .repo(teamMember)
    .stream({ where: { teamId }, select: ["userId"], limit: 500 }))
    members.push(id);
  return { ownerId: { in: members } };
}
