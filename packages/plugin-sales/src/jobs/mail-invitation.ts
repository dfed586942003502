import { defineJob, mailPort, Type, user } from "@corm/core";
import { MAIL_INVITATION } from "../calendar/books.js";
import { invitationText } from "../calendar/ics.js";
import { activityOfOpportunity } from "../entities/activity.js";
import { activityInvitation } from "../entities/activity-invitation.js";
import { MailFailed } from "../errors.js";
import { settingsOf } from "../services/settings.js";

/**
 * Writes to one guest: an invitation, its change, or its cancellation. Sent again where its process ended in between: for
 * calendars the same message twice is one.
 */
export const mailInvitation = defineJob(MAIL_INVITATION.name, {
  input: Type.Object({ invitationId: Type.String(), sequence: Type.Integer() }),
  capability: "sales.invitations",
  run: async (ctx, { invitationId, sequence }, { id }) => {
    const { mailFrom } = settingsOf(ctx);
    const port = ctx.optional(mailPort);
    const invitations = ctx.repo(activityInvitation);
    const found = await invitations.first({ where: { id: invitationId }, withDeleted: true });
    // Of two changes at one moment the guest hears of the second.
    if (!port || !mailFrom || !found || found.sequence !== sequence) return;
    const about = await ctx
      .repo(activityOfOpportunity)
      .first({ where: { id: found.activityId }, withDeleted: true });
    if (!about || about.dueAt === null) return;
    const owner = about.ownerId && (await ctx.repo(user).first({ where: { id: about.ownerId } }));
    const cancelled = found.cancelledAt !== null;
    const method = cancelled ? "CANCEL" : "REQUEST";
    const { address, name } = found;
    const content = await invitationText(
      { ...about, dueAt: about.dueAt, sequence },
      {
        method,
        organizer: { name: (owner ? owner.name : mailFrom.name) ?? null, address: mailFrom.address },
        guest: { name, address },
      },
    );
    const title = oneLine(about.subject);
    const receipt = await port.send({
      messageId: `invitation-${id}@${mailFrom.address.split("@")[1]}`,
      from: { name: mailFrom.name ?? "", address: mailFrom.address },
      to: { name: oneLine(name ?? ""), address },
      replyTo: null,
      subject: cancelled ? `Cancelled: ${title}` : title,
      text: cancelled
        ? `${title} does not take place (${about.dueAt}).`
        : [`${title}: ${about.dueAt}`, about.location ?? "", about.body ?? ""].filter(Boolean).join("\n\n"),
      html: null,
      headers: {},
      calendar: { method, content },
    });
    if (receipt.outcome === "later") throw MailFailed({ reason: receipt.detail });
    if (receipt.outcome !== "sent" || found.deletedAt !== null) return;
    await ctx.transaction(async (tx) => {
      const now = await tx.repo(activityInvitation).get(invitationId, { lock: true });
      if (now.sequence === sequence)
        await tx.repo(activityInvitation).update(invitationId, { sentSequence: sequence });
    });
  },
});

/** A header has no line breaks. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ").trim();
