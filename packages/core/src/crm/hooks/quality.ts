import { Forbidden } from "../../errors/core-errors.js";
import { after, before, each, type HookDefinition } from "../../hooks/define-hook.js";
import type { Session } from "../../runtime/session.js";
import { qualityCheck, qualityFinding, qualityRule } from "../entities/quality.js";
import { ruleOf } from "../quality/rules.js";
import { requireUsable } from "../quality/run-check.js";

const isSystem = (ctx: unknown): boolean => (ctx as Session).access.isSystem;

/** Rules that nothing could follow are refused where they are made; checks and findings are the system's word. */
export const qualityHooks: readonly HookDefinition[] = [
  ...(["create", "update", "restore"] as const).map((operation) =>
    after(
      qualityRule,
      operation,
      { name: `crm.checkQualityRules.${operation}` },
      each(({ row }, ctx) => requireUsable(ctx as Session, ruleOf(row))),
    ),
  ),
  ...(["create", "update"] as const).map((operation) =>
    before(qualityCheck, operation, { name: `crm.guardChecks.${operation}` }, (_, ctx) => {
      if (!isSystem(ctx))
        throw Forbidden({ reason: "A check of quality is begun by the action start, and ended by cancel." });
    }),
  ),
  before(qualityFinding, "create", { name: "crm.guardFindings.create" }, (_, ctx) => {
    if (!isSystem(ctx)) throw Forbidden({ reason: "Findings are made by checks of quality alone." });
  }),
  before(
    qualityFinding,
    "update",
    { name: "crm.guardFindings.update" },
    each(({ patch }, ctx) => {
      const isDecision = Object.keys(patch).every((name) => name === "state") && patch.state !== "closed";
      if (!isSystem(ctx) && !isDecision)
        throw Forbidden({
          reason: `Of a finding, people set "state" to "dismissed" or "open"; it is closed by a check.`,
        });
    }),
  ),
];
