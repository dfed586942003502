import Type from "typebox";
import { applyRetention } from "../../data-protection/apply-retention.js";
import { eraseSubject, resumeErasures } from "../../data-protection/erase-subject.js";
import { defineJob, type JobDefinition } from "../../jobs/define-job.js";
import { defineSchedule } from "../../jobs/define-schedule.js";

const HOUR_MS = 3_600_000;

export interface PersonJob {
  readonly entity: string;
  readonly id: string;
}

/**
 * Erases a person in the background: in the name of whoever made the job, with the permission `privacy.erase` that he has
 * then. What is interrupted is gone on with.
 */
export const erasePerson: JobDefinition<PersonJob> = defineJob("crm.erasePerson", {
  input: Type.Object({
    entity: Type.String({ minLength: 1, maxLength: 48 }),
    id: Type.String({ format: "uuid" }),
  }),
  timeout: HOUR_MS,
  run: async (ctx, person, { attempt }) => {
    const resumed = attempt > 1 ? await resumeErasures(ctx) : [];
    if (!resumed.some(({ persons }) => persons[person.entity]?.includes(person.id)))
      await eraseSubject(ctx, person);
  },
});

export interface RetentionJob {
  readonly rules: { entity: string; by?: string; days: number; action: "delete" | "anonymise" }[];
}

/**
 * Deletes or anonymises what is older than it may be: what plugins declare with `days`, and what the rules of the input
 * name. Runs every night without rules; an app with rules has a schedule of its own for it.
 */
export const retention: JobDefinition<RetentionJob> = defineJob("crm.retention", {
  input: Type.Object({
    rules: Type.Array(
      Type.Object(
        {
          entity: Type.String({ maxLength: 48 }),
          by: Type.Optional(Type.String({ maxLength: 48 })),
          days: Type.Integer({ minimum: 1 }),
          action: Type.Enum(["delete", "anonymise"]),
        },
        { additionalProperties: false },
      ),
      { maxItems: 200 },
    ),
  }),
  capability: "core.privacy",
  timeout: HOUR_MS,
  run: async (ctx, { rules }, job) => {
    const limit = 10_000;
    const counts = await applyRetention(ctx, rules, { limit });
    const done = Object.values(counts).reduce((sum, count) => sum + count, 0);
    // There may be more: another job goes on, so that none takes all night.
    if (done >= limit) await ctx.jobs.enqueue(retention, { rules }, { dedupeId: `after ${job.id}` });
  },
});

/** Nobody has to think of it for terms to be kept: where nothing is too old, it takes a look at each entity with a term. */
export const nightlyRetention = defineSchedule("crm.retention", {
  cron: "0 3 * * *",
  job: retention,
  input: { rules: [] },
});
