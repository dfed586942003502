import type { Context } from "@corm/core";
import { type AssignmentRule, assignmentRule } from "../entities/assignment-rule.js";
import { conditionOf, targetOf } from "./target.js";

/** Rules of one entity that are asked. */
const MAX_RULES = 200;

/** The active rules of an entity, in the order in which they are asked. */
export async function rulesOf(ctx: Context, target: string): Promise<readonly AssignmentRule[]> {
  const { items } = await ctx.repo(assignmentRule).find({
    where: { target, active: true },
    orderBy: ["priority", "id"],
    limit: MAX_RULES,
  });
  return items as readonly AssignmentRule[];
}

/** The rule of each record, the first that it satisfies: one query per rule, and none for those without a condition. */
export async function matchRules(
  ctx: Context,
  target: string,
  ids: readonly string[],
  rules: readonly AssignmentRule[],
): Promise<Map<string, AssignmentRule>> {
  const found = new Map<string, AssignmentRule>();
  let left = [...ids];
  for (const rule of rules) {
    if (left.length === 0) break;
    const matching = rule.where === null ? left : await satisfying(ctx, target, left, rule.where);
    for (const id of matching) found.set(id, rule);
    left = left.filter((id) => !found.has(id));
  }
  return found;
}

async function satisfying(
  ctx: Context,
  target: string,
  ids: readonly string[],
  where: unknown,
): Promise<string[]> {
  const { items } = await targetOf(ctx, target).find({
    where: { and: [{ id: { in: ids } }, conditionOf(where)] } as never,
    select: ["id"],
    limit: ids.length,
  });
  return items.map(({ id }) => id);
}
