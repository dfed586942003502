import { addMoney, type Context, date, defineAction, type Money, money, Type, user } from "@corm/core";
import { opportunity } from "../entities/opportunity.js";
import { stage } from "../entities/stage.js";
import { ReportTooLarge } from "../errors.js";

/** The most groups that storage answers at once. */
const MAX_GROUPS = 10_000;
const UNASSIGNED = "Unassigned";

export interface SalesReportInput {
  /** First and last close date of the decisions that count, `YYYY-MM-DD`. Default: all. */
  from?: string;
  to?: string;
  /** ISO 4217. Default: the app's currency. */
  currency?: string;
}

export interface SalesReport {
  /** All opportunities, whatever the period. */
  opportunities: number;
  /** All opportunities by the name of their stage, in the order of the pipelines; empty stages are left out. */
  byStage: Record<string, number>;
  won: number;
  lost: number;
  /** won / (won + lost), or null where nothing was decided. */
  winRate: number | null;
  wonRevenue: Money;
  /** Keys such as `2017Q1`: calendar quarters of the close date. */
  wonRevenueByQuarter: Record<string, Money>;
  /** Keys such as `Ada Lovelace|2017Q1`. People of one name are told apart by their id: `Ada (0190…)|2017Q1`. */
  wonRevenueByAgentQuarter: Record<string, Money>;
  /** Won revenue in other currencies than the report's, which none of the sums above contains. */
  otherCurrencies: Record<string, Money>;
}

const amounts = Type.Record(Type.String(), money());

/** The sales figures in four queries, whatever the number of opportunities. `POST /api/opportunities/sales-report` */
export const salesReport = defineAction({
  name: "salesReport",
  on: opportunity,
  collection: true,
  readOnly: true,
  label: "Sales report",
  description: "Opportunities by stage, won revenue by quarter and by owner, and win rate.",
  input: Type.Unsafe<SalesReportInput>(
    Type.Object({
      from: Type.Optional(date()),
      to: Type.Optional(date()),
      currency: Type.Optional(Type.String({ pattern: "^[A-Z]{3}$" })),
    }),
  ),
  output: Type.Unsafe<SalesReport>(
    Type.Object({
      opportunities: Type.Integer(),
      byStage: Type.Record(Type.String(), Type.Integer()),
      won: Type.Integer(),
      lost: Type.Integer(),
      winRate: Type.Union([Type.Number(), Type.Null()]),
      wonRevenue: money(),
      wonRevenueByQuarter: amounts,
      wonRevenueByAgentQuarter: amounts,
      otherCurrencies: amounts,
    }),
  ),
  run: async ({ input }, ctx) => {
    const currency = input.currency ?? ctx.currency;
    const { opportunities, byStage } = await countByStage(ctx);
    const groups = await decisions(ctx, input);
    const names = await ownerNames(ctx, groups);
    const zero: Money = { amount: "0", currency };
    const report = { won: 0, lost: 0, total: new Sums(), quarters: new Sums(), agents: new Sums() };
    const others = new Sums();
    for (const { ownerId, quarter, won, lost, revenue } of groups) {
      report.won += won;
      report.lost += lost;
      if (won === 0) continue;
      const amount = revenue ?? zero;
      if (amount.currency !== currency) {
        others.add(amount.currency, amount);
        continue;
      }
      report.total.add("", amount);
      report.quarters.add(quarter, amount);
      report.agents.add(`${names.get(ownerId) ?? UNASSIGNED}|${quarter}`, amount);
    }
    const { won, lost } = report;
    return {
      opportunities,
      byStage,
      won,
      lost,
      winRate: won + lost === 0 ? null : won / (won + lost),
      wonRevenue: addMoney(report.total.get("") ?? zero, zero),
      wonRevenueByQuarter: report.quarters.sorted(),
      wonRevenueByAgentQuarter: report.agents.sorted(),
      otherCurrencies: others.sorted(),
    };
  },
});

/** Exact sums under names. */
class Sums {
  readonly #sums = new Map<string, Money>();

  add(name: string, amount: Money): void {
    const sum = this.#sums.get(name);
    this.#sums.set(name, sum ? addMoney(sum, amount) : amount);
  }

  get(name: string): Money | undefined {
    return this.#sums.get(name);
  }

  sorted(): Record<string, Money> {
    const entries = [...this.#sums].sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([name, sum]) => [name, addMoney(sum, { ...sum, amount: "0" })]));
  }
}

async function countByStage(ctx: Context): Promise<Pick<SalesReport, "opportunities" | "byStage">> {
  const counts = await ctx.repo(opportunity).aggregate({
    groupBy: ["stageId"],
    measures: { count: { count: true } },
    limit: MAX_GROUPS,
  });
  const counted = new Map(counts.map((row) => [row["stageId"] as string, row.count]));
  const byStage: Record<string, number> = {};
  let opportunities = 0;
  // Also a stage that has been deleted since may hold opportunities that were restored.
  const stages = ctx.repo(stage).stream({
    where: { id: { in: [...counted.keys()] } },
    select: ["id", "name"],
    orderBy: ["position", "id"],
    withDeleted: true,
  });
  for await (const { id, name } of stages) {
    const count = counted.get(id) ?? 0;
    opportunities += count;
    byStage[name] = (byStage[name] ?? 0) + count;
  }
  return { opportunities, byStage };
}

interface Decisions {
  readonly ownerId: string | null;
  readonly quarter: string;
  readonly won: number;
  readonly lost: number;
  readonly revenue: Money | null;
}

async function decisions(ctx: Context, { from, to }: SalesReportInput): Promise<Decisions[]> {
  const rows = await ctx.repo(opportunity).aggregate({
    where: {
      status: { in: ["won", "lost"] },
      closeDate: { gte: from ?? "0001-01-01", lte: to ?? "9999-12-31" },
    },
    groupBy: ["ownerId", { field: "closeDate", bucket: "quarter", as: "quarter" }, "amount.currency"],
    measures: {
      won: { count: true, where: { status: "won" } },
      lost: { count: true, where: { status: "lost" } },
      revenue: { sum: "amount", where: { status: "won" } },
    },
    limit: MAX_GROUPS,
  });
  if (rows.length === MAX_GROUPS) throw ReportTooLarge({ limit: MAX_GROUPS - 1 });
  return rows.map((row) => ({
    ownerId: row["ownerId"] as string | null,
    quarter: String(row["quarter"]).replace("-", ""),
    won: row.won,
    lost: row.lost,
    revenue: row.revenue,
  }));
}

/** Names by id. A name that several owners have is followed by the id, so that their figures stay apart. */
async function ownerNames(ctx: Context, groups: readonly Decisions[]): Promise<Map<string | null, string>> {
  const ids = new Set(groups.flatMap(({ ownerId }) => ownerId ?? []));
  const names = new Map<string | null, string>();
  const owners = ctx.repo(user).stream({
    where: { id: { in: [...ids] } },
    select: ["id", "name"],
    withDeleted: true,
  });
  const seen = new Map<string, number>();
  for await (const { id, name } of owners) {
    names.set(id, name);
    seen.set(name, (seen.get(name) ?? 0) + 1);
  }
  for (const [id, name] of names) if ((seen.get(name) ?? 0) > 1) names.set(id, `${name} (${id})`);
  return names;
}
