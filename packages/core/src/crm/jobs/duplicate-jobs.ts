import Type from "typebox";
import type { Context } from "../../context/context.js";
import { makeMatchKeys } from "../../duplicates/rules.js";
import { defineJob, type JobDefinition, type JobRun } from "../../jobs/define-job.js";
import { failScan, runScan } from "../duplicates/run-scan.js";
import { duplicateScan } from "../entities/duplicate-scan.js";

const HOUR_MS = 3_600_000;
const ATTEMPTS = 10;
/** Slices are short: whoever is silent for so long has gone. */
const LEASE_MS = 10_000;
const common = {
  capability: "crm.duplicates",
  timeout: HOUR_MS,
  lease: LEASE_MS,
  attempts: ATTEMPTS,
} as const;

/** Looks for duplicates in what is there: see `duplicateScan`. */
export const scanDuplicates: JobDefinition<{ readonly scanId: string }> = defineJob("crm.scanDuplicates", {
  ...common,
  input: Type.Object({ scanId: Type.String({ format: "uuid" }) }),
  run: (ctx, { scanId }, job) =>
    orFail(ctx, scanId, job, async () => {
      const scan = await ctx.repo(duplicateScan).first({ where: { id: scanId } });
      if (!scan) return;
      await runScan(ctx, scanId, job, (tx) =>
        tx.jobs.enqueue(scanDuplicates, { scanId }, { concurrencyKey: scan.entity }),
      );
    }),
});

/** Gives the records of an entity the keys that rules wait for. Goes on with what an earlier one has begun. */
export const makeKeys: JobDefinition<{ readonly entity: string }> = defineJob(makeMatchKeys.name, {
  ...common,
  input: Type.Object({ entity: Type.String({ minLength: 1, maxLength: 48 }) }),
  run: async (ctx, { entity }, job) => {
    const scans = ctx.repo(duplicateScan);
    const begun = await scans.first({
      where: { entity, purpose: "rule", state: { in: ["waiting", "running"] } },
      orderBy: ["id"],
    });
    const { id } = begun ?? (await scans.create({ entity, purpose: "rule" }));
    await orFail(ctx, id, job, () =>
      runScan(ctx, id, job, (tx) => tx.jobs.enqueue(makeKeys, { entity }, { concurrencyKey: entity })),
    );
  },
});

/** The last attempt says in the scan that there is none any more. */
async function orFail(ctx: Context, id: string, job: JobRun, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (job.attempt >= ATTEMPTS && ctx.signal?.aborted !== true) await failScan(ctx, id, error);
    throw error;
  }
}
