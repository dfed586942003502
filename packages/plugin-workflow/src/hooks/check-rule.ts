import { before, type Context, type HookDefinition } from "@corm/core";
import { conditionProblem, ownerFieldOf } from "../assignment/target.js";
import { absence } from "../entities/agent.js";
import { type AssignmentRuleInput, assignmentRule } from "../entities/assignment-rule.js";
import { AbsenceBackwards, AssignmentConditionInvalid } from "../errors.js";
import { territories } from "../services/territories.js";

type Checked = Pick<AssignmentRuleInput, "target" | "where" | "open" | "strategy">;

/**
 * Conditions are tried as whoever writes them: by a rule nobody asks about fields that he may not see. What a rule says
 * is found wrong when it is written, and not when a record comes.
 */
async function checkRule(ctx: Context, rule: Checked): Promise<void> {
  ownerFieldOf(ctx, rule.target);
  if (rule.strategy === "territory" && ctx.optional(territories) === undefined)
    throw AssignmentConditionInvalid({
      field: "strategy",
      reason: `"territory" takes a plugin that provides territories, and this app has none`,
    });
  for (const field of ["where", "open"] as const) {
    const cause = await conditionProblem(ctx, rule.target, rule[field]);
    if (cause) throw AssignmentConditionInvalid({ field, reason: cause.message }, { cause });
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
        const asked = (["target", "where", "open", "strategy"] as const).some(
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
