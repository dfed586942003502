import { type Context, type JobHandle, toInstant } from "@corm/core";
import { conditionOf, type TargetRow, targetOf } from "../assignment/target.js";
import { type Approval, type ApprovalVote, approval, approvalVote } from "../entities/approval.js";
import type { ApprovalStep } from "../entities/approval-process.js";
import { ApproverMissing } from "../errors.js";
import { settingsOf } from "../services/settings.js";
import { approversOf } from "./approvers.js";
import { type Verdict, verdictOf } from "./verdict.js";
import { ASK_BY_MAIL } from "./vote-link.js";

const MINUTE_MS = 60_000;

export interface TimeoutInput {
  readonly approvalId: string;
  readonly round: number;
}
export const STEP_TIMEOUT: JobHandle<TimeoutInput> = { name: "workflow.approvalTimeout" };

/** The session in which approvals are kept, and in which alone a locked record changes. */
export const booksOf = (ctx: Context): Context =>
  ctx.asSystem({ capability: "workflow.approvals", reason: "keep an approval" });

/** The first step from a position on that the record satisfies; null where none is left. */
export async function nextStep(
  ctx: Context,
  target: string,
  recordId: string,
  steps: readonly ApprovalStep[],
  from: number,
  direction: 1 | -1 = 1,
): Promise<number | null> {
  for (let at = from; at >= 0 && at < steps.length; at += direction) {
    const { where } = steps[at] as ApprovalStep;
    if (where === undefined) return at;
    const matching = { and: [{ id: recordId }, conditionOf(where)] } as never;
    if ((await targetOf(ctx, target).first({ where: matching, select: ["id"] })) !== null) return at;
  }
  return null;
}

/** Asks the approvers of a step. @throws approver-missing */
export async function askStep(
  books: Context,
  current: Approval,
  step: number,
  round: number,
  record: TargetRow,
): Promise<Approval> {
  const definition = current.pinned.steps[step] as ApprovalStep;
  const asked = await approversOf(books, definition, record, current.submittedById);
  if (asked.length === 0) throw ApproverMissing({ step: definition.name });
  const votes = await books
    .repo(approvalVote)
    .createMany(asked.map((one) => ({ ...one, approvalId: current.id, step, round, askedAt: books.now() })));
  await askInMails(books, votes);
  if (definition.timeoutMinutes !== undefined) {
    const runAt = toInstant(books.clock.now() + definition.timeoutMinutes * MINUTE_MS);
    await books.jobs.enqueue(STEP_TIMEOUT, { approvalId: current.id, round }, { runAt });
  }
  return books.repo(approval).update(current.id, { step, round });
}

/** Writes to those who are asked, where the app has a mail server, and an address for links. */
export async function askInMails(books: Context, votes: readonly { readonly id: string }[]): Promise<void> {
  const { publicUrl, mailFrom } = settingsOf(books);
  if (publicUrl === undefined || mailFrom === undefined) return;
  await books.jobs.enqueueMany(
    ASK_BY_MAIL,
    votes.map(({ id }) => ({ input: { voteId: id } })),
  );
}

/** Goes on after a vote, or without one when the time of a step is up. In the transaction that holds the approval. */
export async function goOn(
  books: Context,
  current: Approval,
  forced?: Exclude<Verdict, "open">,
): Promise<Approval> {
  const { target, recordId, step, round, pinned } = current;
  const definition = pinned.steps[step] as ApprovalStep;
  const { items } = await books
    .repo(approvalVote)
    .find({ where: { approvalId: current.id, round }, limit: 500 });
  const votes = items.map(({ decision }) => decision);
  const counted = votes.filter((vote) => vote === "pending" || vote === "approved" || vote === "rejected");
  const verdict = forced ?? verdictOf(definition, counted);
  if (verdict === "open") return current;
  await closeVotes(books, items as ApprovalVote[]);
  const record = await targetOf(books, target).get(recordId);
  if (verdict === "approved") {
    const next = await nextStep(books, target, recordId, pinned.steps, step + 1);
    return next === null
      ? finish(books, current, "approved")
      : askStep(books, current, next, round + 1, record);
  }
  const back =
    definition.onReject === "back"
      ? await nextStep(books, target, recordId, pinned.steps, step - 1, -1)
      : null;
  return back === null
    ? finish(books, current, "rejected")
    : askStep(books, current, back, round + 1, record);
}

/** Ends an approval: the record is free again, and changed as the process says. */
export async function finish(
  books: Context,
  current: Approval,
  state: "approved" | "rejected" | "recalled",
): Promise<Approval> {
  const { onApproved, onRejected, onRecalled } = current.pinned;
  const patch = { approved: onApproved, rejected: onRejected, recalled: onRecalled }[state];
  if (patch) await targetOf(books, current.target).update(current.recordId, patch);
  return books.repo(approval).update(current.id, { state, finishedAt: books.now(), lock: null });
}

/** Who was asked and has not answered needs not any more. */
export async function closeVotes(books: Context, votes: readonly ApprovalVote[]): Promise<void> {
  const open = votes.filter(({ decision }) => decision === "pending");
  await books
    .repo(approvalVote)
    .updateMany(open.map(({ id }) => ({ id, patch: { decision: "void" as const } })));
}
