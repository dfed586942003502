import { type Context, defineAction, Type } from "@corm/core";
import { type Ticket, ticket } from "../entities/ticket.js";

const input = Type.Object({});
const output = Type.Object({
  id: Type.String(),
  status: Type.String(),
  resolvedAt: Type.Union([Type.String(), Type.Null()]),
  closedAt: Type.Union([Type.String(), Type.Null()]),
  reopenCount: Type.Integer(),
});

async function become(ctx: Context, record: Ticket, status: Ticket["status"]) {
  const row = record.status === status ? record : await ctx.repo(ticket).update(record.id, { status });
  const { id, resolvedAt, closedAt, reopenCount } = row;
  return { id, status: row.status, resolvedAt, closedAt, reopenCount };
}

/** Says that what was asked for is done. Twice is once. `POST /api/tickets/{id}/resolve` */
export const resolve = defineAction({
  name: "resolve",
  on: ticket,
  label: "Resolve",
  description: "Marks the ticket as resolved. A mail of the customer opens it again for some days.",
  input,
  output,
  run: ({ record }, ctx) => become(ctx, record, "resolved"),
});

/** Files a ticket away. Twice is once. `POST /api/tickets/{id}/close` */
export const close = defineAction({
  name: "close",
  on: ticket,
  label: "Close",
  description: "Closes the ticket. A mail of the customer opens it again for some days.",
  input,
  output,
  run: ({ record }, ctx) => become(ctx, record, "closed"),
});

/** Takes a resolved or closed ticket up again; another stays as it is. `POST /api/tickets/{id}/reopen` */
export const reopen = defineAction({
  name: "reopen",
  on: ticket,
  label: "Reopen",
  description: "Opens a resolved or closed ticket again.",
  input,
  output,
  run: ({ record }, ctx) => become(ctx, record, record.status === "pending" ? "pending" : "open"),
});
