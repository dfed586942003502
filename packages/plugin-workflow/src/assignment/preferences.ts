import { account, type Context } from "@corm/core";
import { assignmentDecision } from "../entities/assignment-decision.js";
import type { AssignmentRule } from "../entities/assignment-rule.js";
import type { TargetRow } from "./target.js";

/** The users who come first for each record, as its rule says. */
export async function preferences(
  ctx: Context,
  target: string,
  ids: readonly string[],
  rows: ReadonlyMap<string, TargetRow>,
  rules: ReadonlyMap<string, AssignmentRule>,
): Promise<Map<string, string[]>> {
  const asking = (what: "accountOwner" | "lastHolder") =>
    ids.filter((id) => rules.get(id)?.prefer.includes(what));
  const owners = await accountOwners(ctx, asking("accountOwner"), rows);
  const holders = await lastHolders(ctx, target, asking("lastHolder"));
  const sources = { accountOwner: owners, lastHolder: holders };
  return new Map(
    ids.map((id) => [id, (rules.get(id)?.prefer ?? []).flatMap((what) => sources[what].get(id) ?? [])]),
  );
}

async function accountOwners(
  ctx: Context,
  ids: readonly string[],
  rows: ReadonlyMap<string, TargetRow>,
): Promise<Map<string, string>> {
  const accountOf = (id: string) => rows.get(id)?.["accountId"];
  const accounts = [...new Set(ids.map(accountOf).filter((id): id is string => typeof id === "string"))];
  if (accounts.length === 0) return new Map();
  const { items } = await ctx
    .repo(account)
    .find({ where: { id: { in: accounts } }, select: ["id", "ownerId"], limit: accounts.length });
  const owners = new Map(items.map(({ id, ownerId }) => [id, ownerId]));
  return new Map(
    ids.flatMap((id): [string, string][] => {
      const owner = owners.get(String(accountOf(id)));
      return typeof owner === "string" ? [[id, owner]] : [];
    }),
  );
}

async function lastHolders(
  ctx: Context,
  target: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const decided = ctx.repo(assignmentDecision).stream({
    where: { target, recordId: { in: ids }, outcome: "assigned" },
    select: ["id", "recordId", "userId"],
    orderBy: ["decidedAt", "id"],
  });
  const holders = new Map<string, string>();
  for await (const { recordId, userId } of decided) if (userId !== null) holders.set(recordId, userId);
  return holders;
}
