import { account, type Context, defineAction, type Money, money, sumMoney, Type } from "@corm/core";
import { reportingSums } from "../analysis/reporting-sums.js";
import { opportunity } from "../entities/opportunity.js";
import { HierarchyTooLarge } from "../errors.js";

const rate = Type.Object({
  id: Type.String(),
  base: Type.String(),
  quote: Type.String(),
  validFrom: Type.String(),
  rate: Type.String(),
  inverse: Type.Boolean(),
});
const sums = { count: Type.Integer(), amount: money(), weighted: money() };

/** Open opportunities in the reporting currency, by stage. `POST /api/opportunities/pipeline-value` */
export const pipelineValue = defineAction({
  name: "pipelineValue",
  on: opportunity,
  collection: true,
  readOnly: true,
  label: "Value of the pipeline",
  description:
    "Amounts and weighted amounts of open opportunities in the reporting currency, each at the rate of its close date, with the rates that were used.",
  input: Type.Object({
    where: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    currency: Type.Optional(Type.String({ pattern: "^[A-Z]{3}$" })),
    asOf: Type.Optional(Type.String({ format: "date-time" })),
  }),
  output: Type.Object({
    currency: Type.String(),
    ...sums,
    stages: Type.Array(Type.Object({ stage: Type.String(), ...sums })),
    rates: Type.Array(rate),
  }),
  run: async ({ input: { where = {}, currency: to, asOf } }, ctx) => {
    const { currency, rows, rates } = await reportingSums(ctx, {
      where: { and: [where, { status: "open" }] },
      groupBy: ["stage"],
      ...(to === undefined ? {} : { to }),
      ...(asOf === undefined ? {} : { asOf }),
    });
    const stages = rows.map(({ groups, ...rest }) => ({ stage: String(groups["stage"]), ...rest }));
    stages.sort((a, b) => (a.stage < b.stage ? -1 : 1));
    return {
      currency,
      count: rows.reduce((sum, { count }) => sum + count, 0),
      amount: total(rows, "amount", currency),
      weighted: total(rows, "weighted", currency),
      stages,
      rates: [...rates],
    };
  },
});

const total = (
  rows: readonly { readonly amount: Money; readonly weighted: Money }[],
  name: "amount" | "weighted",
  currency: string,
): Money =>
  sumMoney(
    rows.map((row) => row[name]),
    currency,
  );

/** Companies of one group that are added up at most, and levels below the top. */
const MAX_ACCOUNTS = 10_000;
const MAX_LEVELS = 20;

/** What an account and all companies below it have bought and may buy. `POST /api/accounts/{id}/roll-up` */
export const rollUpAccount = defineAction({
  name: "rollUp",
  on: account,
  readOnly: true,
  label: "Roll up the hierarchy",
  description:
    "Opportunities of the account and of all companies below it, by status, in the reporting currency. A query per level of the hierarchy.",
  input: Type.Object({}),
  output: Type.Object({
    currency: Type.String(),
    accounts: Type.Integer(),
    levels: Type.Integer(),
    open: Type.Object(sums),
    won: Type.Object(sums),
    lost: Type.Object(sums),
  }),
  run: async ({ record }, ctx) => {
    const { ids, levels } = await branchOf(ctx, record.id);
    const { currency, rows } = await reportingSums(ctx, {
      where: { accountId: { in: ids } },
      groupBy: ["status"],
    });
    const of = (status: string) => {
      const row = rows.find(({ groups }) => groups["status"] === status);
      const nothing = { amount: "0", currency };
      return {
        count: row?.count ?? 0,
        amount: sumMoney([row?.amount ?? nothing], currency),
        weighted: sumMoney([row?.weighted ?? nothing], currency),
      };
    };
    return { currency, accounts: ids.length, levels, open: of("open"), won: of("won"), lost: of("lost") };
  },
});

/** The account and all below it that the caller may see, level by level. Companies that own one another are counted once. */
async function branchOf(ctx: Context, id: string): Promise<{ ids: string[]; levels: number }> {
  const seen = new Set([id]);
  let level = [id];
  let levels = 0;
  while (level.length > 0) {
    const next: string[] = [];
    const children = ctx
      .repo(account)
      .stream({ where: { parentId: { in: level } }, select: ["id"], limit: 500 });
    for await (const { id: child } of children) {
      if (seen.has(child)) continue;
      seen.add(child);
      next.push(child);
      if (seen.size > MAX_ACCOUNTS) throw HierarchyTooLarge({ accounts: MAX_ACCOUNTS, levels: MAX_LEVELS });
    }
    if (next.length > 0) levels += 1;
    if (levels > MAX_LEVELS) throw HierarchyTooLarge({ accounts: MAX_ACCOUNTS, levels: MAX_LEVELS });
    level = next;
  }
  return { ids: [...seen], levels };
}
