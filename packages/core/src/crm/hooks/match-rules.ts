import { InvalidMatchRule } from "../../duplicates/errors.js";
import { keepRulesReady } from "../../duplicates/keep-ready.js";
import { forgetRules, ruleProblems } from "../../duplicates/rules.js";
import { after, before, committed, each, type HookDefinition } from "../../hooks/define-hook.js";
import type { Session } from "../../runtime/session.js";
import { type MatchRule, matchRule } from "../entities/match-rule.js";
import { checkExpression } from "../services/match-expression.js";

function check(rule: Pick<MatchRule, "entity" | "when"> & Partial<MatchRule>, session: Session): void {
  const shape = checkExpression(rule.when, rule.blocks);
  if (shape.length > 0) throw InvalidMatchRule({ problems: shape });
  const { blocks, ...rest } = rule;
  const model = session.runtime.composition.entities.get(rule.entity);
  const problems = ruleProblems(model, { name: rule.name ?? "", ...rest, ...(blocks ? { blocks } : {}) });
  if (problems.length > 0) throw InvalidMatchRule({ problems });
}

/** A rule that would find nothing, or break every write, is refused where it is made; what changes is followed at once. */
export const matchRuleHooks: readonly HookDefinition[] = [
  before(
    matchRule,
    "create",
    { name: "crm.checkMatchRule" },
    each(({ input }, ctx) => check(input as MatchRule, ctx as Session)),
  ),
  before(
    matchRule,
    "update",
    { name: "crm.checkMatchRuleChange" },
    each(({ before: current, patch }, ctx) => check({ ...current, ...patch } as MatchRule, ctx as Session)),
  ),
  ...(["create", "update", "delete", "restore"] as const).map((operation) =>
    after(matchRule, operation, { name: `crm.prepareMatchRules.${operation}` }, async (batch, ctx) => {
      const rules = batch as readonly { readonly row?: MatchRule; readonly before?: MatchRule }[];
      const names = rules.flatMap(({ row, before: old }) => [row, old].flatMap((one) => one?.entity ?? []));
      await keepRulesReady(ctx as Session, [...new Set(names)]);
    }),
  ),
  ...(["create", "update", "delete", "restore", "purge"] as const).map((operation) =>
    committed(matchRule, operation, { name: `crm.followMatchRules.${operation}` }, (_, ctx) =>
      forgetRules(ctx as Session),
    ),
  ),
];
