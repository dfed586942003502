import { before, type Context, type HookDefinition, isCormError } from "@corm/core";
import { checkOwnerField, conditionOf, targetOf } from "../assignment/target.js";
import { absence } from "../entities/agent.js";
import { type AssignmentRuleInput, assignmentRule } from "../entities/assignment-rule.js";
import { AbsenceBackwards, AssignmentConditionInvalid } from "../errors.js";

type Checked = Pick<AssignmentRuleInput, "target" | "ownerField" | "where" | "open">;

/**
 * Conditions are tried as whoever writes them: by a rule nobody asks about fields that he may not see. What a rule says
 * is found wrong when it is written, and not when a record comes.
 */
async function checkRule(ctx: Context, rule: Checked): Promise<void> {
  checkOwnerField(ctx, rule.target, rule.ownerField ?? "ownerId");
  for (const field of ["where", "open"] as const) {
    const condition = rule[field];
    if (condition === undefined || condition === null) continue;
    try {
      await targetOf(ctx, rule.target).find({ where: conditionOf(condition), limit: 1 });
    } catch (cause) {
      if (!isCormError(cause) || cause.status >= 500) throw cause;
      throw AssignmentConditionInvalid({ field, reason: cause.message }, { cause });
    }
  }
}

export const checkRules: readonly HookDefinition[] = [
  before(assignmentRule, "create", { name: "workflow.check-rule", stage: "late" }, async (batch, ctx) => {
    for (const { input } of batch) await checkRule(ctx, input);
  }),
  before(
    assignmentRule,
    "update",
    { name: "workflow.check-changed-rule", stage: "late" },
    async (batch, ctx) => {
      for (const { before: old, patch } of batch) {
        const asked = (["target", "ownerField", "where", "open"] as const).some(
          (name) => patch[name] !== undefined,
        );
        if (asked) await checkRule(ctx, { ...old, ...patch } as Checked);
      }
    },
  ),
  before(absence, "create", { name: "workflow.check-absence", stage: "late" }, (batch) => {
    for (const { input } of batch) checkOrder(input.from, input.until);
  }),
  before(absence, "update", { name: "workflow.check-changed-absence", stage: "late" }, (batch) => {
    for (const { before: old, patch } of batch) checkOrder(patch.from ?? old.from, patch.until ?? old.until);
  }),
];

function checkOrder(from: string, until: string): void {
  if (Date.parse(from) >= Date.parse(until)) throw AbsenceBackwards({ from, until });
}
