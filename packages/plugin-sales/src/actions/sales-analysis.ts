import {
  type Context,
  date,
  defineAction,
  fromMinor,
  type Money,
  money,
  Type,
  teamMember,
  toMinor,
} from "@corm/core";
import { reportingSums } from "../analysis/reporting-sums.js";
import { opportunity } from "../entities/opportunity.js";
import { ReportTooLarge } from "../errors.js";

const DIMENSIONS = [
  "ownerId",
  "team",
  "productId",
  "source",
  "territoryId",
  "accountId",
  "pipelineId",
  "closeReason",
] as const;
type Dimension = (typeof DIMENSIONS)[number];
const MAX_GROUPS = 10_000;

interface Figures {
  won: number;
  lost: number;
  open: number;
  revenue: bigint;
  days: number;
  timed: number;
}

/** Win rate, cycle, average deal and velocity. `POST /api/opportunities/sales-analysis` */
export const salesAnalysis = defineAction({
  name: "salesAnalysis",
  on: opportunity,
  collection: true,
  readOnly: true,
  label: "Sales analysis",
  description:
    "Of decisions with a close date in the period: win rate, average won amount, average days from opening to winning, and velocity, which is open opportunities × win rate × average deal / days. In the reporting currency. Who is in two teams counts in both.",
  input: Type.Object({
    from: date(),
    until: date(),
    by: Type.Optional(Type.Enum([...DIMENSIONS])),
    bucket: Type.Optional(Type.Enum(["month", "quarter", "year"])),
  }),
  output: Type.Object({
    currency: Type.String(),
    groups: Type.Array(
      Type.Object({
        /** Id or text of the dimension; null for none, and without one. */
        key: Type.Union([Type.String(), Type.Null()]),
        /** `2026-01`, `2026-Q1` or `2026`; null without a bucket, and for `open`. */
        period: Type.Union([Type.String(), Type.Null()]),
        won: Type.Integer(),
        lost: Type.Integer(),
        open: Type.Integer(),
        winRate: Type.Union([Type.Number(), Type.Null()]),
        revenue: money(),
        averageDeal: Type.Union([money(), Type.Null()]),
        cycleDays: Type.Union([Type.Number(), Type.Null()]),
        /** Expected a day. */
        velocity: Type.Union([money(), Type.Null()]),
      }),
    ),
  }),
  run: async ({ input }, ctx) => {
    const { from, until, by, bucket } = input;
    const field = by === "team" ? "ownerId" : by;
    const groupBy = [
      ...(field === undefined ? [] : [field]),
      ...(bucket === undefined ? [] : [{ field: "closeDate", bucket, as: "period" }]),
    ];
    const decided = { closeDate: { gte: from, lte: until } };
    const { currency, rows: won } = await reportingSums(ctx, {
      where: { ...decided, status: "won" },
      groupBy,
    });
    const counts = await ctx.repo(opportunity).aggregate({
      where: { ...decided, status: { in: ["won", "lost"] } },
      groupBy: groupBy as never,
      measures: {
        won: { count: true, where: { status: "won" } },
        lost: { count: true, where: { status: "lost" } },
        days: { sum: "cycleDays", where: { status: "won" } },
        timed: { count: true, where: { status: "won", cycleDays: { isNull: false } } },
      },
      limit: MAX_GROUPS,
    });
    const open = await ctx.repo(opportunity).aggregate({
      where: { status: "open" },
      groupBy: (field === undefined ? [] : [field]) as never,
      measures: { open: { count: true } },
      limit: MAX_GROUPS,
    });
    if (counts.length === MAX_GROUPS || open.length === MAX_GROUPS)
      throw ReportTooLarge({ limit: MAX_GROUPS - 1 });
    const keysOf = await teamKeys(ctx, by);
    const groups = new Map<string, { key: string | null; period: string | null; figures: Figures }>();
    const add = (row: Readonly<Record<string, unknown>>, change: (figures: Figures) => void): void => {
      for (const key of keysOf(field === undefined ? null : (row[field] as string | null))) {
        const period = (row["period"] as string | undefined) ?? null;
        const id = JSON.stringify([key, period]);
        const group = groups.get(id) ?? {
          key,
          period,
          figures: { won: 0, lost: 0, open: 0, revenue: 0n, days: 0, timed: 0 },
        };
        groups.set(id, group);
        change(group.figures);
      }
    };
    for (const row of counts)
      add(row, (figures) => {
        figures.won += row.won;
        figures.lost += row.lost;
        figures.days += row.days ?? 0;
        figures.timed += row.timed;
      });
    for (const { groups: row, amount } of won)
      add(row, (figures) => {
        figures.revenue += toMinor(amount);
      });
    for (const row of open)
      add(row, (figures) => {
        figures.open += row.open;
      });
    const order = (group: { key: string | null; period: string | null }) =>
      `${group.key ?? ""} ${group.period ?? ""}`;
    return {
      currency,
      groups: [...groups.values()]
        .sort((a, b) => (order(a) < order(b) ? -1 : 1))
        .map(({ key, period, figures }) => ({ key, period, ...shown(figures, currency) })),
    };
  },
});

function shown({ won, lost, open, revenue, days, timed }: Figures, currency: string) {
  const winRate = won + lost === 0 ? null : won / (won + lost);
  const averageDeal = won === 0 ? null : fromMinor(divide(revenue, BigInt(won)), currency);
  const cycleDays = timed === 0 ? null : days / timed;
  const velocity: Money | null =
    winRate === null || averageDeal === null || cycleDays === null || cycleDays === 0
      ? null
      : fromMinor(BigInt(Math.round((open * winRate * (Number(revenue) / won)) / cycleDays)), currency);
  return {
    won,
    lost,
    open,
    winRate,
    revenue: fromMinor(revenue, currency),
    averageDeal,
    cycleDays,
    velocity,
  };
}

const divide = (sum: bigint, count: bigint): bigint => (2n * sum + count) / (2n * count);

/** The keys under which an owner counts: himself, or his teams. One query. */
async function teamKeys(ctx: Context, by: Dimension | undefined) {
  if (by !== "team") return (key: string | null): (string | null)[] => [key];
  const teams = new Map<string, string[]>();
  for await (const { teamId, userId } of ctx
    .repo(teamMember)
    .stream({ select: ["teamId", "userId"], orderBy: ["id"], limit: 500 }))
    teams.set(userId, [...(teams.get(userId) ?? []), teamId]);
  return (key: string | null): (string | null)[] => teams.get(key ?? "") ?? [null];
}
