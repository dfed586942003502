import { after, before, type Context, type HookDefinition } from "@corm/core";
import { invitationBooks, isInvitationWrite, MAIL_INVITATION } from "../calendar/books.js";
import { activityOfOpportunity } from "../entities/activity.js";
import { activityInvitation } from "../entities/activity-invitation.js";
import { DocumentIsWritten } from "../errors.js";

/** What guests are told of. */
const TOLD = ["subject", "body", "location", "dueAt", "durationMinutes"] as const;
/** What asks them anew. */
const TIMES = ["dueAt", "durationMinutes"] as const;
const MAX_GUESTS = 100;

interface Told {
  readonly id: string;
  readonly sequence: number;
  readonly change: "moved" | "told" | "cancelled";
}

/** Raises the sequence of the guests of activities, and writes to them: two queries and two writes a batch. */
async function tell(ctx: Context, activities: readonly Told[]): Promise<void> {
  if (activities.length === 0) return;
  const books = invitationBooks(ctx);
  const byId = new Map(activities.map((one) => [one.id, one]));
  const now = ctx.now();
  const guests = books.repo(activityInvitation).stream({
    where: { activityId: { in: [...byId.keys()] }, cancelledAt: null },
    limit: MAX_GUESTS,
  });
  const changes: { id: string; version: number; patch: object }[] = [];
  const mails: { input: { invitationId: string; sequence: number } }[] = [];
  for await (const { id, version, activityId } of guests) {
    const { sequence, change } = byId.get(activityId) as Told;
    const state =
      change === "moved"
        ? { status: "needsAction" as const, answeredAt: null }
        : change === "cancelled"
          ? { cancelledAt: now }
          : {};
    changes.push({ id, version, patch: { sequence, ...state } });
    mails.push({ input: { invitationId: id, sequence } });
  }
  if (changes.length === 0) return;
  await books.repo(activityInvitation).updateMany(changes);
  await books.jobs.enqueueMany(MAIL_INVITATION, mails);
}

const refuse =
  (operation: string) =>
  (_: readonly unknown[], ctx: Context): void => {
    const follows = (ctx.chain.at(-2) ?? "").startsWith("activity.");
    if (!isInvitationWrite(ctx) && ctx.actor.kind !== "system" && !follows)
      throw DocumentIsWritten({
        ...{ entity: "invitation", operation },
        instead: 'Use "invite" and "uninvite" of the activity.',
      });
  };

/** Guests hear of what changes, by whatever path it does. */
export const keepInvitations: readonly HookDefinition[] = [
  ...(["create", "update", "delete"] as const).map((operation) =>
    before(
      activityInvitation,
      operation,
      { name: `sales.invitations-${operation}`, stage: "early" },
      refuse(`${operation}d`),
    ),
  ),
  before(
    activityOfOpportunity,
    "update",
    { name: "sales.raiseSequence", after: "sales.detachOccurrence" },
    (batch) => {
      for (const { before: old, patch } of batch)
        if (
          old.inviteSequence > 0 &&
          TOLD.some((name) => patch[name] !== undefined && patch[name] !== old[name])
        )
          patch.inviteSequence = old.inviteSequence + 1;
    },
  ),
  after(activityOfOpportunity, "update", { name: "sales.tellGuests" }, (batch, ctx) =>
    tell(
      ctx,
      batch
        .filter(
          ({ before: old, changed }) => old.inviteSequence > 0 && TOLD.some((name) => changed.has(name)),
        )
        .map(({ row, changed }) => ({
          id: row.id,
          sequence: row.inviteSequence,
          change: TIMES.some((name) => changed.has(name)) ? "moved" : "told",
        })),
    ),
  ),
  // Before: invitations go into the recycle bin together with their activity.
  before(activityOfOpportunity, "delete", { name: "sales.uninviteGuests" }, (batch, ctx) =>
    tell(
      ctx,
      batch
        .filter(({ before: old }) => old.inviteSequence > 0)
        .map(({ before: old }) => ({ id: old.id, sequence: old.inviteSequence + 1, change: "cancelled" })),
    ),
  ),
];
