import { assertCan, contact, defineAction, mailPort, normalEmail, Type, ValidationFailed } from "@corm/core";
import { invitationBooks, MAIL_INVITATION } from "../calendar/books.js";
import { readReply } from "../calendar/ics.js";
import { activityOfOpportunity } from "../entities/activity.js";
import { activityInvitation } from "../entities/activity-invitation.js";
import { MailNotThere } from "../errors.js";
import { activityAnswered } from "../events.js";
import { settingsOf } from "../services/settings.js";

const MAX_GUESTS = 100;
const address = Type.String({ format: "email", maxLength: 254 });
const guest = Type.Object({ name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })), address });

/**
 * Invites guests by mail, with a calendar entry that they can accept. `POST /api/activities/{id}/invite`
 *
 * @throws mail-not-installed, validation-failed
 */
export const invite = defineAction({
  name: "invite",
  on: activityOfOpportunity,
  label: "Invite guests",
  description: "Sends guests a calendar entry. They hear of every change, and their answers are kept.",
  input: Type.Object({
    /** Default: the contact of the activity. */
    guests: Type.Optional(Type.Array(guest, { minItems: 1, maxItems: MAX_GUESTS })),
  }),
  output: Type.Object({ invited: Type.Integer() }),
  run: async ({ record, input }, ctx) => {
    await assertCan(ctx, ["update"], activityOfOpportunity, [record.id]);
    if (!ctx.optional(mailPort) || !settingsOf(ctx).mailFrom) throw MailNotThere({});
    const refuse = (pointer: string, code: string, message: string) =>
      ValidationFailed({ entity: "body", issues: [{ pointer, code, message }] });
    if (record.dueAt === null)
      throw refuse("/guests", "no-time", "cannot be invited: the activity has no time");
    let given = input.guests ?? [];
    if (given.length === 0 && record.contactId !== null) {
      const { firstName, lastName, email } = await ctx.repo(contact).get(record.contactId);
      if (email !== null) given = [{ name: [firstName, lastName].filter(Boolean).join(" "), address: email }];
    }
    if (given.length === 0)
      throw refuse("/guests", "no-guest", "are needed: the activity has no contact with an address");
    const guests = new Map(given.map((one) => [normalEmail(one.address), one.name ?? null]));
    const books = invitationBooks(ctx);
    const invitations = books.repo(activityInvitation);
    const known = (await invitations.find({ where: { activityId: record.id }, limit: 2 * MAX_GUESTS })).items;
    const others = known.filter((one) => one.cancelledAt === null && !guests.has(one.address));
    if (others.length + guests.size > MAX_GUESTS)
      throw refuse("/guests", "too-many", `are more than ${MAX_GUESTS} with those that are invited`);
    const again = known.filter((one) => one.cancelledAt !== null && guests.has(one.address));
    // Above what they were told: a calendar that has seen a cancellation takes the newer one.
    const sequence = Math.max(record.inviteSequence, 1, ...again.map((one) => one.sequence + 1));
    const present = new Set(known.map((one) => one.address));
    const fresh = [...guests].filter(([to]) => !present.has(to));
    const made = await invitations.createMany(
      fresh.map(([to, name]) => ({ activityId: record.id, address: to, name, sequence })),
    );
    const renewed = await invitations.updateMany(
      again.map(({ id, version }) => ({
        ...{ id, version },
        patch: { sequence, cancelledAt: null, status: "needsAction" as const, answeredAt: null },
      })),
    );
    if (record.inviteSequence < sequence)
      await books.repo(activityOfOpportunity).update(record.id, { inviteSequence: sequence });
    const mails = [...made, ...renewed].map(({ id }) => ({ input: { invitationId: id, sequence } }));
    if (mails.length > 0) await books.jobs.enqueueMany(MAIL_INVITATION, mails);
    return { invited: mails.length };
  },
});

/** Takes guests back, and tells them. `POST /api/activities/{id}/uninvite` */
export const uninvite = defineAction({
  name: "uninvite",
  on: activityOfOpportunity,
  label: "Take guests back",
  description: "Sends guests a cancellation.",
  input: Type.Object({ addresses: Type.Array(address, { minItems: 1, maxItems: MAX_GUESTS }) }),
  output: Type.Object({ cancelled: Type.Integer() }),
  run: async ({ record, input }, ctx) => {
    await assertCan(ctx, ["update"], activityOfOpportunity, [record.id]);
    const books = invitationBooks(ctx);
    const invitations = books.repo(activityInvitation);
    const addresses = [...new Set(input.addresses.map(normalEmail))];
    const { items } = await invitations.find({
      where: { activityId: record.id, address: { in: addresses }, cancelledAt: null },
      limit: MAX_GUESTS,
    });
    const gone = items.map(({ id, version, sequence }) => ({ id, version, sequence: sequence + 1 }));
    await invitations.updateMany(
      gone.map(({ sequence, ...one }) => ({ ...one, patch: { sequence, cancelledAt: ctx.now() } })),
    );
    const mails = gone.map(({ id, sequence }) => ({ input: { invitationId: id, sequence } }));
    if (mails.length > 0) await books.jobs.enqueueMany(MAIL_INVITATION, mails);
    return { cancelled: gone.length };
  },
});

/**
 * Takes the answer of a guest's calendar, as whoever receives mail hands it in.
 * `POST /api/activity-invitations/receive-reply`
 */
export const receiveReply = defineAction({
  name: "receiveReply",
  on: activityInvitation,
  collection: true,
  label: "Receive an answer",
  description: "Keeps what a guest has answered by his calendar (METHOD:REPLY).",
  input: Type.Object({
    /** The sender of the mail, as the mail server has made sure of it. */
    from: address,
    /** The part of the mail that is `text/calendar`. */
    calendar: Type.String({ minLength: 1, maxLength: 100_000 }),
  }),
  output: Type.Object({
    /** `outdated`: of an older invitation, or written before an answer that is here. `unknown`: nobody was asked this. */
    outcome: Type.Enum(["kept", "outdated", "unknown"]),
  }),
  run: async ({ input }, ctx) => {
    const reply = await readReply(input.calendar);
    const from = normalEmail(input.from);
    // Nobody answers for somebody else.
    if (!reply || normalEmail(reply.address) !== from) return { outcome: "unknown" as const };
    const books = invitationBooks(ctx);
    const invitations = books.repo(activityInvitation);
    const { activityId, status, stamp } = reply;
    const found = await invitations.first({ where: { activityId, address: from } });
    if (!found) return { outcome: "unknown" as const };
    const held = await invitations.get(found.id, { lock: true });
    const older = held.answeredAt !== null && stamp <= held.answeredAt;
    if (held.cancelledAt !== null || reply.sequence < held.sequence || older)
      return { outcome: "outdated" as const };
    await invitations.update(held.id, { status, answeredAt: stamp });
    await books.emit(
      activityAnswered,
      { address: from, status },
      { entity: activityOfOpportunity, record: activityId },
    );
    return { outcome: "kept" as const };
  },
});
