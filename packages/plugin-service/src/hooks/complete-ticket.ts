import {
  type BatchHandler,
  type BeforeChanges,
  before,
  type Context,
  contact,
  nextNumbers,
} from "@corm/core";
import { PRIORITIES, type Ticket, type TicketInput, ticket } from "../entities/ticket.js";
import { planFirstResponses } from "../services/first-response.js";
import { isId } from "../services/ids.js";
import { answeredInTime, stampStatus } from "./settle-ticket.js";

type Changes = BeforeChanges<Ticket, TicketInput>;

/** Numbers, account of the contact, first-response time: one query each for the whole batch. */
const completeNew: BatchHandler<Changes["create"]> = async (batch, ctx) => {
  const inputs = batch.map(({ input }) => input);
  const unnumbered = inputs.filter((input) => input.number === undefined);
  if (unnumbered.length > 0) {
    const numbers = await nextNumbers(ctx, "ticket", unnumbered.length);
    unnumbered.forEach((input, i) => {
      input.number = numbers[i] as number;
    });
  }
  await takeAccounts(ctx, inputs);
  const now = ctx.now();
  for (const input of inputs) {
    input.slaStartedAt ??= now;
    stampStatus(input, input.status ?? "open", now);
  }
  const plans = await planFirstResponses(ctx, inputs.map(questionOf));
  inputs.forEach((input, i) => {
    const plan = plans[i] as (typeof plans)[number];
    if (plan.slaPolicyId !== null) input.slaPolicyId = plan.slaPolicyId;
    if (plan.dueAt !== null) input.firstResponseDueAt = plan.dueAt;
    if (plan.problem !== null && !input.flagged) {
      input.flagged = true;
      input.flagReason = plan.problem.slice(0, 200);
    }
    input.firstResponseMet = answeredInTime(input.firstRespondedAt, input.firstResponseDueAt);
  });
};

const questionOf = ({ slaPolicyId, priority, slaStartedAt }: TicketInput) => ({
  slaPolicyId,
  // What is no priority is for the validation to refuse, which comes after the hooks.
  priority: priority !== undefined && PRIORITIES.includes(priority) ? priority : ("normal" as const),
  from: slaStartedAt as string,
});

async function takeAccounts(ctx: Context, inputs: readonly TicketInput[]): Promise<void> {
  const lacking = inputs.filter((input) => input.accountId === undefined && isId(input.contactId));
  if (lacking.length === 0) return;
  const ids = [...new Set(lacking.map((input) => input.contactId as string))];
  const accounts = new Map<string, string | null>();
  const contacts = ctx.repo(contact).stream({ where: { id: { in: ids } }, select: ["id", "accountId"] });
  for await (const { id, accountId } of contacts) accounts.set(id, accountId);
  for (const input of lacking) {
    const accountId = accounts.get((input.contactId as string).toLowerCase());
    if (accountId) input.accountId = accountId;
  }
}

/** Another priority or policy means another time, from the same beginning; not once the response has come. */
const replan: BatchHandler<Changes["update"]> = async (batch, ctx) => {
  const moved = batch.filter(
    ({ before, patch }) =>
      before.firstRespondedAt === null &&
      ((patch.priority !== undefined && patch.priority !== before.priority) ||
        (patch.slaPolicyId !== undefined && patch.slaPolicyId !== before.slaPolicyId)),
  );
  if (moved.length === 0) return;
  const plans = await planFirstResponses(
    ctx,
    moved.map(({ before, patch }) => ({
      slaPolicyId: patch.slaPolicyId === undefined ? before.slaPolicyId : patch.slaPolicyId,
      priority: patch.priority && PRIORITIES.includes(patch.priority) ? patch.priority : before.priority,
      from: before.slaStartedAt,
    })),
  );
  moved.forEach(({ patch }, i) => {
    const plan = plans[i] as (typeof plans)[number];
    patch.firstResponseDueAt = plan.dueAt;
    if (plan.problem !== null) {
      patch.flagged = true;
      patch.flagReason = plan.problem.slice(0, 200);
    }
  });
};

export const completeTicket = [
  before(ticket, "create", { name: "service.completeTicket" }, completeNew),
  before(ticket, "update", { name: "service.replanResponse", before: "service.settleTicket" }, replan),
];
