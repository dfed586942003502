import { defineError } from "@corm/core";

export const MailboxUnknown = defineError<{ address: string }>("mailbox-unknown", {
  status: 404,
  title: "No mailbox has this address",
  detail: ({ address }) =>
    `There is no mailbox "${address}". Create it under /api/mailboxes, or correct where this mail is delivered. The mail was not kept.`,
});

export const NoMailboxToReplyFrom = defineError<{ number: number }>("no-mailbox-to-reply-from", {
  status: 422,
  title: "There is no mailbox to reply from",
  detail: ({ number }) => `Ticket ${number} has no mailbox. Set its "mailboxId", or create a mailbox.`,
  issues: () => [{ pointer: "/mailboxId", code: "no-mailbox-to-reply-from", message: "there is no mailbox" }],
});

export const NobodyToReplyTo = defineError<{ number: number }>("nobody-to-reply-to", {
  status: 422,
  title: "Nobody to reply to",
  detail: ({ number }) =>
    `Ticket ${number} has neither a requester with an e-mail address nor a contact with one. Give "to".`,
  issues: () => [{ pointer: "/to", code: "nobody-to-reply-to", message: "is needed for this ticket" }],
});

export const AddressUnusable = defineError<{ pointer: string; reason: string }>("address-unusable", {
  status: 422,
  title: "Not one plain e-mail address",
  detail: ({ reason }) => `The address ${reason}. Give one plain address, such as ada@example.com.`,
  issues: ({ pointer, reason }) => [{ pointer, code: "address-unusable", message: reason }],
});

export const NothingToRelease = defineError<{ id: string }>("nothing-to-release", {
  status: 409,
  title: "The message is not in quarantine",
  detail: ({ id }) => `Message ${id} is not in quarantine, so there is nothing to release.`,
});

export const MailUnreadable = defineError<{ reason: string }>("mail-unreadable", {
  status: 400,
  title: "The mail did not arrive in one piece",
  detail: ({ reason }) => `${reason}. Nothing was kept: send it again.`,
});

export const MailTypeUnsupported = defineError<{ given: string }>("mail-type-unsupported", {
  status: 415,
  title: "Not a mail",
  detail: ({ given }) =>
    `A mail is posted as it is, with content type message/rfc822, not ${given || "without a content type"}.`,
});

export const OriginalMissing = defineError<{ id: string }>("original-missing", {
  status: 404,
  title: "There is no original",
  detail: ({ id }) => `Message ${id} did not come as a mail, so there is no original of it.`,
});

export const NoTicketRules = defineError("no-ticket-rules", {
  status: 422,
  title: "Nothing chooses people",
  detail: () =>
    "No plugin of this app keeps rules by which people are chosen. Set the ownerId of the tickets, or add @corm/plugin-workflow.",
});
