import { type AfterChanges, after, type BatchHandler, type RowChange } from "@corm/core";
import { type TicketInput, ticket } from "../entities/ticket.js";
import { type TicketMessage, ticketMessage } from "../entities/ticket-message.js";

/**
 * What a new message means for its ticket: when it last moved, and whether this is the first response. A response is
 * what a person sends out, by whatever way it was recorded. One query and one write a batch.
 */
const recordMessage: BatchHandler<AfterChanges<TicketMessage>["create"]> = async (batch, ctx) => {
  const byTicket = new Map<string, TicketMessage[]>();
  for (const { row } of batch) {
    if (row.ticketId === null) continue;
    byTicket.set(row.ticketId, [...(byTicket.get(row.ticketId) ?? []), row]);
  }
  if (byTicket.size === 0) return;
  const tickets = ctx.asSystem({ capability: "service.mail", reason: "ticket of a message" }).repo(ticket);
  const changes: RowChange<TicketInput>[] = [];
  const found = tickets.stream({
    where: { id: { in: [...byTicket.keys()] } },
    select: ["id", "firstRespondedAt", "lastMessageAt"],
  });
  for await (const { id, firstRespondedAt, lastMessageAt } of found) {
    const messages = byTicket.get(id) ?? [];
    const response = messages.filter(isResponse).map(momentOf).sort()[0];
    const last = messages.map(momentOf).sort().at(-1) as string;
    changes.push({
      id,
      patch: {
        lastMessageAt: lastMessageAt !== null && lastMessageAt > last ? lastMessageAt : last,
        ...(firstRespondedAt === null && response !== undefined ? { firstRespondedAt: response } : {}),
      },
    });
  }
  await tickets.updateMany(changes);
};

const isResponse = ({ direction, automatic }: TicketMessage): boolean =>
  direction === "out" && automatic === null;

const momentOf = ({ receivedAt, createdAt }: TicketMessage): string => receivedAt ?? createdAt;

export const recordMessages = [
  after(ticketMessage, "create", { name: "service.recordMessage", stage: "early" }, recordMessage),
];
