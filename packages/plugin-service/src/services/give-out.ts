import { type AssignmentAnswer, type Assignments, assignments, type Context } from "@corm/core";
import { queue } from "../entities/queue.js";
import { type Ticket, ticket } from "../entities/ticket.js";

/** Tickets of one order. */
export const MOST_GIVEN = 500;

type Found = Pick<Ticket, "id" | "ownerId" | "queueId" | "status">;

/** Somebody is still to do something about it. */
export const isOpen = ({ status }: Pick<Ticket, "status">): boolean =>
  status === "open" || status === "pending";

export const queuesOf = (ctx: Context) =>
  ctx.asSystem({ capability: "service.queues", reason: "queues of tickets" }).repo(queue);

export const ticketsOf = (ctx: Context) =>
  ctx.asSystem({ capability: "service.queues", reason: "tickets of queues" }).repo(ticket);

/**
 * Gives open tickets that belong to nobody to people by the rules of the tenant, where a plugin keeps some: in the caller's
 * transaction, so that no two get one. Those of a queue from which people take them wait there.
 */
export async function giveOut(
  ctx: Context,
  tickets: readonly Found[],
  cause: "created" | "asked",
): Promise<void> {
  const service = ctx.optional(assignments);
  const waiting = tickets.filter((one) => one.ownerId === null && isOpen(one));
  if (!service || waiting.length === 0 || !(await service.asked(ticket.name))) return;
  const byHand = await takenByHand(ctx, waiting);
  const ids = waiting.filter(({ id }) => !byHand.has(id)).map(({ id }) => id);
  await assignAll(service, ids, { cause });
}

export async function assignAll(
  service: Assignments,
  ids: readonly string[],
  rest: { readonly cause: "created" | "asked"; readonly preview?: boolean },
): Promise<AssignmentAnswer[]> {
  const answers: AssignmentAnswer[] = [];
  for (let at = 0; at < ids.length; at += MOST_GIVEN) {
    const order = { target: ticket.name, ids: ids.slice(at, at + MOST_GIVEN), ...rest };
    answers.push(...(await service.assign(order)));
  }
  return answers;
}

/** Ids of the tickets that stand in a queue from which people take them. One read. */
export async function takenByHand(
  ctx: Context,
  tickets: readonly Pick<Found, "id" | "queueId">[],
): Promise<Set<string>> {
  const ids = [...new Set(tickets.flatMap(({ queueId }) => queueId ?? []))];
  if (ids.length === 0) return new Set();
  const where = { id: { in: ids }, givesOut: false };
  const byHand = new Set<string | null>();
  for await (const { id } of queuesOf(ctx).stream({ where, select: ["id"] })) byHand.add(id);
  return new Set(tickets.filter(({ queueId }) => byHand.has(queueId)).map(({ id }) => id));
}
