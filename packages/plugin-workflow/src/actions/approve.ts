import { type Context, defineAction, Forbidden, Type, UniqueViolation } from "@corm/core";
import { requireUser } from "../acting-user.js";
import { approversOf } from "../approvals/approvers.js";
import { askInMails, askStep, booksOf, closeVotes, finish, goOn, nextStep } from "../approvals/run.js";
import { activeOf } from "../assignment/active-users.js";
import { conditionOf, targetOf } from "../assignment/target.js";
import { type Approval, type ApprovalVote, approval, approvalVote } from "../entities/approval.js";
import { type ApprovalProcess, type ApprovalStep, approvalProcess } from "../entities/approval-process.js";
import {
  ApprovalOver,
  ApproverMissing,
  DelegateUnable,
  NoApprovalProcess,
  NotAnApprover,
  NotTheSubmitter,
  RecordLocked,
} from "../errors.js";

const comment = Type.Optional(Type.String({ maxLength: 2000 }));
const output = Type.Object({
  id: Type.String(),
  state: Type.Enum(["pending", "approved", "rejected", "recalled"]),
  step: Type.Integer(),
  stepName: Type.Union([Type.String(), Type.Null()]),
});
const shown = ({ id, state, step, pinned }: Approval) => ({
  id,
  state,
  step,
  stepName: state === "pending" ? (pinned.steps[step]?.name ?? null) : null,
});

/**
 * Hands a record in. It is locked until it is decided. `POST /api/actions/workflow.submit`
 *
 * @throws not-found, no-approval-process, approver-missing, record-locked
 */
export const submit = defineAction({
  name: "submit",
  permission: "workflow.submit",
  label: "Submit for approval",
  description:
    "Hands a record in for approval by the first process that takes it. It is locked until it is decided.",
  input: Type.Object({ target: Type.String(), id: Type.String({ format: "uuid" }), comment }),
  output,
  run: async ({ input: { target, id, comment: words } }, ctx) => {
    const submittedById = requireUser(ctx, "An approval");
    // Locked: whoever is changing it commits before, or finds that it is being approved.
    const seen = await targetOf(ctx, target).get(id, { lock: true });
    if (!(await ctx.can("update", { name: target }, id)))
      throw Forbidden({ reason: "You may not change this record." });
    const books = booksOf(ctx);
    const process = await processFor(ctx, books, target, id);
    if (!process) throw NoApprovalProcess({ target });
    const { steps, editable, onApproved, onRejected, onRecalled, onSubmitted } = process;
    const record = onSubmitted
      ? await targetOf(books, target).update(id, onSubmitted, { version: seen.version })
      : await targetOf(books, target).get(id);
    const made = await create(books, {
      target,
      recordId: id,
      processId: process.id,
      processVersion: process.version,
      recordVersion: record.version,
      pinned: { steps, editable, onApproved, onRejected, onRecalled },
      submittedById,
      submittedAt: books.now(),
      comment: words ?? null,
      lock: "open",
    });
    const first = await nextStep(books, target, id, steps, 0);
    // Nobody is to be asked about such a record.
    if (first === null) return shown(await finish(books, made, "approved"));
    // Told now, and not when the last step is reached.
    for (let at = await nextStep(books, target, id, steps, first + 1); at !== null; ) {
      const step = steps[at] as ApprovalStep;
      if ((await approversOf(books, step, record, submittedById)).length === 0)
        throw ApproverMissing({ step: step.name });
      at = await nextStep(books, target, id, steps, at + 1);
    }
    return shown(await askStep(books, made, first, 1, record));
  },
});

async function create(
  books: Context,
  input: Parameters<ReturnType<typeof repoOf>["create"]>[0],
): Promise<Approval> {
  try {
    return await repoOf(books).create(input);
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    throw RecordLocked(
      { target: input.target, recordId: input.recordId, approvalId: "of another submission" },
      { cause: error },
    );
  }
}
const repoOf = (ctx: Context) => ctx.repo(approval);

/** The first active process whose entry criteria the record satisfies, and which takes it from this submitter. */
async function processFor(
  ctx: Context,
  books: Context,
  target: string,
  recordId: string,
): Promise<ApprovalProcess | null> {
  const processes = books
    .repo(approvalProcess)
    .stream({ where: { target, active: true }, orderBy: ["priority", "id"] });
  const roles = ctx.roles.map((role) => (typeof role === "string" ? role : role.name));
  for await (const process of processes as AsyncIterable<ApprovalProcess>) {
    if (process.submitters.length > 0 && !process.submitters.some((role) => roles.includes(role))) continue;
    if (process.where === null) return process;
    const where = { and: [{ id: recordId }, conditionOf(process.where)] } as never;
    if ((await targetOf(books, target).first({ where, select: ["id"] })) !== null) return process;
  }
  return null;
}

const deciding = (name: "approve" | "reject", decision: "approved" | "rejected") =>
  defineAction({
    name,
    on: approval,
    label: name === "approve" ? "Approve" : "Reject",
    description: "Answers as one of those who are asked in the present step.",
    input: Type.Object({ comment }),
    output,
    run: async ({ record, input }, ctx) => {
      const books = booksOf(ctx);
      const own = await ownVote(books, record, requireUser(ctx, "An approval"));
      await books
        .repo(approvalVote)
        .update(own.id, { decision, comment: input.comment ?? null, votedAt: books.now() });
      return shown(await goOn(books, record));
    },
  });

/** `POST /api/approvals/{id}/approve` @throws approval-over, not-an-approver */
export const approve = deciding("approve", "approved");
/** `POST /api/approvals/{id}/reject` @throws approval-over, not-an-approver */
export const reject = deciding("reject", "rejected");

/** Passes one's vote on. `POST /api/approvals/{id}/delegate` @throws approval-over, not-an-approver, delegate-unable */
export const delegate = defineAction({
  name: "delegate",
  on: approval,
  label: "Pass the vote on",
  description: "Has another user answer instead.",
  input: Type.Object({ toUserId: Type.String({ format: "uuid" }), comment }),
  output,
  run: async ({ record, input: { toUserId, comment: words } }, ctx) => {
    const books = booksOf(ctx);
    const own = await ownVote(books, record, requireUser(ctx, "An approval"));
    if (toUserId === record.submittedById)
      throw DelegateUnable({ reason: "has submitted the record himself" });
    if (!(await activeOf(books, [toUserId])).has(toUserId)) throw DelegateUnable({ reason: "is not active" });
    const votes = books.repo(approvalVote);
    const asked = await votes.first({
      where: { approvalId: record.id, round: record.round, approverId: toUserId },
    });
    if (asked) throw DelegateUnable({ reason: "is asked himself" });
    await votes.update(own.id, { decision: "delegated", comment: words ?? null, votedAt: books.now() });
    const { step, round } = record;
    const passed = await votes.create({
      ...{ approvalId: record.id, step, round, approverId: toUserId, askedAt: books.now() },
      onBehalfOfId: own.onBehalfOfId ?? own.approverId,
    });
    await askInMails(books, [passed]);
    return shown(record);
  },
});

/** Takes a submitted record back. `POST /api/approvals/{id}/recall` @throws approval-over, not-the-submitter */
export const recall = defineAction({
  name: "recall",
  on: approval,
  label: "Recall",
  description: "Takes a record back that is not decided; only whoever has submitted it.",
  input: Type.Object({}),
  output,
  run: async ({ record }, ctx) => {
    if (record.state !== "pending") throw ApprovalOver({ id: record.id, state: record.state });
    if (record.submittedById !== requireUser(ctx, "An approval")) throw NotTheSubmitter({ id: record.id });
    const books = booksOf(ctx);
    const { items } = await books
      .repo(approvalVote)
      .find({ where: { approvalId: record.id, round: record.round }, limit: 500 });
    await closeVotes(books, items as ApprovalVote[]);
    return shown(await finish(books, record, "recalled"));
  },
});

async function ownVote(
  books: Context,
  { id, state, round }: Approval,
  approverId: string,
): Promise<ApprovalVote> {
  if (state !== "pending") throw ApprovalOver({ id, state });
  const vote = await books
    .repo(approvalVote)
    .first({ where: { approvalId: id, round, approverId, decision: "pending" } });
  if (!vote) throw NotAnApprover({ id });
  return vote as ApprovalVote;
}
