import type { Context } from "@corm/core";
import { type AssignmentRule, assignmentRule } from "../entities/assignment-rule.js";
import { conditionOf, targetOf } from "./target.js";

/**
 * The rule of each record, the first active one that it satisfies, in the order of their priority: one query per rule, none
 * for those without a condition, and no more rules than it takes.
 */
export async function matchRules(
  ctx: Context,
  target: string,
  ids: readonly string[],
): Promise<Map<string, AssignmentRule>> {
  const found = new Map<string, AssignmentRule>();
  let left = [...ids];
  if (left.length === 0) return found;
  const rules = ctx
    .repo(assignmentRule)
    .stream({ where: { target, active: true }, orderBy: ["priority", "id"] });
  for await (const rule of rules) {
    const matching = rule.where === null ? left : await satisfying(ctx, target, left, rule.where);
    for (const id of matching) found.set(id, rule as AssignmentRule);
    left = left.filter((id) => !found.has(id));
    if (left.length === 0) break;
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
