import { defineJob, defineSchedule, Type } from "@corm/core";
import { predictiveModel } from "../entities/predictive-model.js";
import { TooFewOutcomes } from "../errors.js";
import { TRAIN, trainModel } from "../prediction/train-model.js";

const training = Type.Object({
  fields: Type.Optional(Type.Array(Type.String({ maxLength: 48 }), { maxItems: 200 })),
  minimum: Type.Optional(Type.Integer({ minimum: 20 })),
});

/** Trains a model. Takes its turns with everything else in the process; may take minutes. */
export const trainModelJob = defineJob(TRAIN.name, {
  input: training,
  capability: "leads.predict",
  timeout: 3_600_000,
  attempts: 3,
  retries: (error) => !TooFewOutcomes.is(error),
  run: (ctx, input, job) => trainModel(ctx, input, job),
});

/** Trains again on what has happened since, where there is a model. */
export const retrainJob = defineJob("leads.retrain", {
  input: Type.Object({}),
  capability: "leads.predict",
  transactional: true,
  run: async (ctx) => {
    const active = await ctx.repo(predictiveModel).first({ where: { slot: "active" } });
    // Whoever has never trained one has not asked for any.
    if (!active) return;
    const { columns } = active;
    await ctx.jobs.enqueue(TRAIN, { fields: columns.map(({ name }) => name) });
  },
});

/** Those who become customers change, and so do the leads. */
export const weeklyTraining = defineSchedule("leads.weeklyTraining", {
  cron: "40 2 * * 0",
  job: retrainJob,
  input: {},
});
