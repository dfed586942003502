import type { Context, JobHandle } from "@corm/core";

export const SEND_CONFIRMATION: JobHandle<{ submissionId: string }> = { name: "leads.sendConfirmation" };
export const LAPSE: JobHandle<{ submissionId: string }> = { name: "leads.lapseSubmission" };

/** Has the person asked by mail, and what he sent forgotten when he does not answer. In the transaction that keeps it. */
export async function askToConfirm(ctx: Context, submissionId: string, confirmBy: string): Promise<void> {
  await ctx.jobs.enqueue(SEND_CONFIRMATION, { submissionId });
  await ctx.jobs.enqueue(LAPSE, { submissionId }, { runAt: confirmBy });
}
