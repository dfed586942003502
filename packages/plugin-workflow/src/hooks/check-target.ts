import { before, type Context, type HookDefinition } from "@corm/core";
import { type PerformanceTargetInput, performanceTarget } from "../entities/performance-target.js";
import { TargetInvalid } from "../errors.js";
import { metricOf } from "../people/performance.js";

function checkTarget(
  ctx: Context,
  { metric, from, until }: Pick<PerformanceTargetInput, "metric" | "from" | "until">,
): void {
  metricOf(ctx, metric);
  if (from > until) throw TargetInvalid({ pointer: "/until", reason: "lies before the first day" });
}

export const checkTargets: readonly HookDefinition[] = [
  before(performanceTarget, "create", { name: "workflow.check-target", stage: "late" }, (batch, ctx) => {
    for (const { input } of batch) checkTarget(ctx, input);
  }),
  before(
    performanceTarget,
    "update",
    { name: "workflow.check-changed-target", stage: "late" },
    (batch, ctx) => {
      for (const { before: old, patch } of batch) checkTarget(ctx, { ...old, ...patch });
    },
  ),
];
