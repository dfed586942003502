import Type from "typebox";
import { sweepExpired } from "../../idempotency/sweep.js";
import { defineJob, type JobDefinition } from "../../jobs/define-job.js";
import { defineSchedule } from "../../jobs/define-schedule.js";
import { signedHead } from "../../journal/head.js";
import type { Session } from "../../runtime/session.js";
import { auditArchive } from "../services/audit-archive.js";

/**
 * Puts the journal of a tenant in order up to now, which seals it into the chain, and has the signed end kept outside
 * where a plugin provides `auditArchive`. Whoever reads the journal puts it in order as well; here it is nobody's turn
 * to wait. An app that wants it more often has a schedule of its own for this job.
 */
export const sealJournal: JobDefinition<Record<never, never>> = defineJob("crm.sealJournal", {
  input: Type.Object({}, { additionalProperties: false }),
  capability: "core.journal",
  run: async (ctx) => {
    const head = await signedHead(ctx as Session);
    // Of a tenant that has no entry there is nothing to prove.
    if (head.position > 0) await ctx.optional(auditArchive)?.keep(head);
  },
});

/** Forgets the answers to idempotency keys that have run out, also of tenants that send no more. */
export const sweepKeys: JobDefinition<Record<never, never>> = defineJob("crm.sweepKeys", {
  input: Type.Object({}, { additionalProperties: false }),
  capability: "core.idempotency",
  run: async (ctx) => {
    while (await sweepExpired(ctx as Session)) ctx.signal?.throwIfAborted();
  },
});

export const nightlyUpkeep = [
  defineSchedule("crm.sealJournal", { cron: "0 1 * * *", job: sealJournal, input: {} }),
  defineSchedule("crm.sweepKeys", { cron: "45 0 * * *", job: sweepKeys, input: {} }),
];
