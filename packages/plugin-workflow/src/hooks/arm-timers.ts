import { after, type Context, type HookDefinition } from "@corm/core";
import { automation, automationSwitch } from "../entities/automation.js";
import { KEEP_TIMERS } from "../timers/handles.js";

async function arm(ctx: Context, isTimed: boolean): Promise<void> {
  if (isTimed) await ctx.jobs.enqueue(KEEP_TIMERS, {});
}

const byClock = (trigger: Readonly<Record<string, unknown>>) =>
  trigger["on"] === "schedule" || trigger["on"] === "date";

/** Sets timers at once where an automation that goes by the clock is written or turned on. */
export const armTimers: readonly HookDefinition[] = [
  after(automation, "create", { name: "workflow.arm-automation" }, (batch, ctx) =>
    arm(
      ctx,
      batch.some(({ row }) => row.enabled && byClock(row.trigger)),
    ),
  ),
  after(automation, "update", { name: "workflow.arm-changed-automation" }, (batch, ctx) =>
    arm(
      ctx,
      batch.some(({ row }) => row.enabled && byClock(row.trigger)),
    ),
  ),
  after(automationSwitch, "update", { name: "workflow.arm-switch" }, (batch, ctx) =>
    arm(
      ctx,
      batch.some(({ row }) => row.enabled),
    ),
  ),
];
