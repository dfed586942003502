import {
  type AfterChanges,
  after,
  assignments,
  type BatchHandler,
  type BeforeChanges,
  before,
  type Context,
} from "@corm/core";
import { type Queue, queue } from "../entities/queue.js";
import { type Ticket, type TicketInput, ticket } from "../entities/ticket.js";
import { giveOut, isOpen, MOST_GIVEN, queuesOf, takenByHand, ticketsOf } from "../services/give-out.js";
import { isId } from "../services/ids.js";

type Before = BeforeChanges<Ticket, TicketInput>;
type After = AfterChanges<Ticket>;

/** A ticket belongs to the team of its queue, unless the same write says otherwise. One query a batch. */
async function takeTeams(
  ctx: Context,
  inputs: readonly Pick<TicketInput, "queueId" | "teamId">[],
): Promise<void> {
  const lacking = inputs.filter(({ teamId, queueId }) => teamId === undefined && queueId !== undefined);
  const ids = [...new Set(lacking.map(({ queueId }) => queueId).filter(isId) as string[])];
  const teams = new Map<string, string | null>();
  if (ids.length > 0)
    for await (const { id, teamId } of queuesOf(ctx).stream({
      where: { id: { in: ids } },
      select: ["id", "teamId"],
    }))
      teams.set(id, teamId);
  for (const input of lacking) {
    // Of a queue that is not there, and of what is no id, the validation speaks, which comes after the hooks.
    const teamId = isId(input.queueId) ? teams.get((input.queueId as string).toLowerCase()) : null;
    if (teamId !== undefined) (input as { teamId?: string | null }).teamId = teamId;
  }
}

const teamOfNew: BatchHandler<Before["create"]> = (batch, ctx) =>
  takeTeams(
    ctx,
    batch.map(({ input }) => input),
  );

const teamOfMoved: BatchHandler<Before["update"]> = (batch, ctx) =>
  takeTeams(
    ctx,
    batch
      .filter(({ before: old, patch }) => patch.queueId !== undefined && patch.queueId !== old.queueId)
      .map(({ patch }) => patch),
  );

const giveNew: BatchHandler<After["create"]> = (batch, ctx) =>
  giveOut(
    ctx,
    batch.map(({ row }) => row),
    "created",
  );

/** What comes into another queue, or is opened again, and belongs to nobody finds somebody; what is done looks for nobody. */
const giveMoved: BatchHandler<After["update"]> = async (batch, ctx) => {
  const moved = batch.filter(
    ({ before: old, row }) =>
      row.ownerId === null && (row.queueId !== old.queueId || isOpen(row) !== isOpen(old)),
  );
  const rows = moved.map(({ row }) => row);
  if (rows.length === 0) return;
  const byHand = await takenByHand(ctx, rows);
  const [left, open] = [
    rows.filter((row) => byHand.has(row.id) || !isOpen(row)),
    rows.filter((row) => !byHand.has(row.id) && isOpen(row)),
  ];
  await ctx.optional(assignments)?.withdraw(
    ticket.name,
    left.map(({ id }) => id),
  );
  await giveOut(ctx, open, "asked");
};

/** What waits for somebody in a queue from which people take tickets by now waits for nobody. */
const leaveToPeople: BatchHandler<AfterChanges<Queue>["update"]> = async (batch, ctx) => {
  const ids = batch.filter(({ row, changed }) => changed.has("givesOut") && !row.givesOut);
  const service = ctx.optional(assignments);
  if (ids.length === 0 || !service) return;
  const waiting = ticketsOf(ctx).stream({
    where: {
      queueId: { in: ids.map(({ row }) => row.id) },
      ownerId: null,
      status: { in: ["open", "pending"] },
    },
    select: ["id"],
    limit: MOST_GIVEN,
  });
  let some: string[] = [];
  for await (const { id } of waiting) {
    some.push(id);
    if (some.length < MOST_GIVEN) continue;
    await service.withdraw(ticket.name, some);
    some = [];
  }
  await service.withdraw(ticket.name, some);
};

export const giveTicketsOut = [
  before(ticket, "create", { name: "service.teamOfQueue" }, teamOfNew),
  before(ticket, "update", { name: "service.teamOfNextQueue" }, teamOfMoved),
  after(ticket, "create", { name: "service.giveOutNew", stage: "late" }, giveNew),
  after(ticket, "update", { name: "service.giveOutMoved", stage: "late" }, giveMoved),
  after(queue, "update", { name: "service.leaveToPeople" }, leaveToPeople),
];
