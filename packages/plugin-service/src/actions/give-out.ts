import { assertCan, assignments, defineAction, Type } from "@corm/core";
import { queue } from "../entities/queue.js";
import { ticket } from "../entities/ticket.js";
import { NoTicketRules } from "../errors.js";
import { assignAll, MOST_GIVEN } from "../services/give-out.js";

const nullable = Type.Union([Type.String(), Type.Null()]);

/**
 * Gives the tickets that wait in a queue to people by the rules, the oldest first; also of a queue from which people take
 * them. Whoever asks may change or hand on each of them. `POST /api/queues/give-out`
 *
 * @throws no-ticket-rules where no plugin keeps rules; not-found; forbidden
 */
export const giveOutQueue = defineAction({
  name: "giveOut",
  on: queue,
  // Whoever gives tickets out need not be able to change the queue, as actions on a record ask.
  collection: true,
  label: "Give out what waits",
  description:
    "Gives the open tickets of a queue that belong to nobody to people by the tenant's rules, and says why.",
  input: Type.Object({
    queueId: Type.String({ format: "uuid" }),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: MOST_GIVEN, default: 100 })),
    preview: Type.Optional(Type.Boolean()),
  }),
  output: Type.Object({
    decisions: Type.Array(
      Type.Object({
        ticketId: Type.String(),
        outcome: Type.Enum(["assigned", "waiting", "unmatched"]),
        userId: nullable,
        ruleId: nullable,
        by: nullable,
        considered: Type.Array(Type.Object({ userId: Type.String(), passedOver: nullable })),
      }),
    ),
  }),
  run: async ({ input: { queueId, limit = 100, preview = false } }, ctx) => {
    await ctx.repo(queue).get(queueId);
    const service = ctx.optional(assignments);
    if (!service) throw NoTicketRules({});
    const { items } = await ctx.repo(ticket).find({
      where: { queueId, ownerId: null, status: { in: ["open", "pending"] } },
      orderBy: ["createdAt", "id"],
      select: ["id"],
      limit,
    });
    const ids = items.map(({ id }) => id);
    await assertCan(ctx, ["update", "transfer"], ticket, ids);
    const answers = await assignAll(service, ids, { cause: "asked", preview });
    return {
      decisions: answers.map(({ recordId, outcome, userId, ruleId, by, considered }) => ({
        ...{ ticketId: recordId, outcome, userId: userId ?? null, ruleId: ruleId ?? null, by: by ?? null },
        considered: [...considered],
      })),
    };
  },
});
