import { cronTimes, defineJob, defineSchedule, isCormError, Type } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import { activeAutomations, automationByKey } from "../automations/active.js";
import { principalSession } from "../automations/principal.js";
import { startRuns } from "../runs/start-runs.js";
import { armDates, armSchedule, isDated } from "../timers/arm.js";
import { DUE, FIRE, KEEP_TIMERS } from "../timers/handles.js";

/** Sets the timers of automations that go by the clock, as far ahead as the next look. */
export const keepTimersJob = defineJob(KEEP_TIMERS.name, {
  input: Type.Object({}),
  capability: "workflow.automations",
  run: async (ctx) => {
    const all = await activeAutomations(ctx);
    for (const active of all) {
      if (active.definition.trigger.on === "schedule")
        await ctx.transaction((tx) => armSchedule(tx, active, tx.clock.now()));
      else if (isDated(active)) await ctx.transaction((tx) => armDates(tx, active));
    }
  },
});

export const keepTimers = defineSchedule("workflow.timers", {
  cron: "0 */6 * * *",
  job: keepTimersJob,
  input: {},
});

/** The time of a schedule: one run, and the timer of the next time. */
export const fireSchedule = defineJob(FIRE.name, {
  input: Type.Object({ key: Type.String(), at: Type.String() }),
  transactional: true,
  capability: "workflow.automations",
  run: async (ctx, { key, at }) => {
    const active = await automationByKey(ctx, key);
    if (!active?.enabled || active.definition.trigger.on !== "schedule") return;
    const { cron, zone = "UTC" } = active.definition.trigger;
    // Times that nobody was there for are made up for by this one.
    await armSchedule(ctx, active, Math.max(Date.parse(at), ctx.clock.now()));
    const meant = Date.parse(at);
    // One of a pattern that it does not have any more.
    if (cronTimes(cron, zone).after(meant - 1) !== meant) return;
    if (active.since !== null && at < active.since) return;
    await startRuns(ctx, active, [{ record: null, triggerKey: `at:${at}`, given: { at }, path: [] }]);
  },
});

/** The time of a record's date. Whatever has become of the record meanwhile counts. */
export const dueDate = defineJob(DUE.name, {
  input: Type.Object({ key: Type.String(), recordId: Type.String(), value: Type.String() }),
  transactional: true,
  capability: "workflow.automations",
  run: async (ctx, { key, recordId, value }) => {
    const active = await automationByKey(ctx, key);
    if (!active?.enabled || !isDated(active)) return;
    const { trigger, where = {} } = active.definition;
    const condition = { and: [{ id: recordId, [trigger.field]: value }, where] } as never;
    const record = { entity: trigger.entity, id: recordId };
    const run = { record, triggerKey: `${recordId}:${value}`, given: { at: ctx.now(), value }, path: [] };
    try {
      const found = await ctx.savepoint(async (tx) => {
        const session = await principalSession(tx, key, active.principal);
        return targetOf(session, trigger.entity).first({ where: condition, select: ["id"] });
      });
      if (found) await startRuns(ctx, active, [run]);
    } catch (error) {
      if (!isCormError(error)) throw error;
      const words = `${error.code}: ${error.message}`;
      await startRuns(ctx, active, [{ ...run, error: words, unchecked: true }]);
    }
  },
});
