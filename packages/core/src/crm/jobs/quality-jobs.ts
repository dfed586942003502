import Type from "typebox";
import { defineJob, type JobDefinition } from "../../jobs/define-job.js";
import { defineSchedule } from "../../jobs/define-schedule.js";
import type { Session } from "../../runtime/session.js";
import { qualityCheck, qualityFinding } from "../entities/quality.js";
import { InvalidQualityRule } from "../errors.js";
import { beginCheck, qualityJob } from "../quality/begin-check.js";
import { rulesByEntity } from "../quality/rules.js";
import { failCheck, runCheck } from "../quality/run-check.js";

const HOUR_MS = 3_600_000;
const ATTEMPTS = 10;
/** Slices are short: whoever is silent for so long has gone. */
const LEASE_MS = 10_000;

/** Looks at the records of one entity: see `qualityCheck`. */
export const checkQuality: JobDefinition<{ readonly checkId: string }> = defineJob(qualityJob.name, {
  input: Type.Object({ checkId: Type.String({ format: "uuid" }) }),
  capability: "crm.quality",
  timeout: HOUR_MS,
  lease: LEASE_MS,
  attempts: ATTEMPTS,
  run: async (ctx, { checkId }, job) => {
    const check = await ctx.repo(qualityCheck).first({ where: { id: checkId } });
    if (!check) return;
    try {
      await runCheck(ctx, checkId, job, (tx) =>
        tx.jobs.enqueue(qualityJob, { checkId }, { concurrencyKey: check.entity }),
      );
    } catch (error) {
      // Another attempt would find the same rule.
      const isLast = job.attempt >= ATTEMPTS || InvalidQualityRule.is(error);
      if (isLast && ctx.signal?.aborted !== true) await failCheck(ctx, checkId, error);
      if (!InvalidQualityRule.is(error)) throw error;
    }
  },
});

/** Begins a check of every entity that has rules, or findings of rules that are gone. */
export const checkAllQuality: JobDefinition<Record<never, never>> = defineJob("crm.checkAllQuality", {
  input: Type.Object({}, { additionalProperties: false }),
  capability: "crm.quality",
  run: async (ctx) => {
    const session = ctx as Session;
    const open = await session.repo(qualityFinding).aggregate({
      where: { state: "open" },
      groupBy: ["entity"],
      measures: { count: { count: true } },
    });
    const names = new Set((await rulesByEntity(session)).keys());
    for (const { entity } of open) names.add(entity as string);
    for (const name of names) await session.atomically((tx) => beginCheck(tx, name));
  },
});

/** Once a night; an app that wants it more often has a schedule of its own for the job. */
export const nightlyQuality = defineSchedule("crm.checkAllQuality", {
  cron: "15 2 * * *",
  job: checkAllQuality,
  input: {},
});
