import { defineError } from "@corm/core";

/** A segment whose condition cannot be used; `detail` has the field and the way out. */
export const InvalidSegment = defineError<{ segment: string; pointer: string; problem: string }>(
  "invalid-segment",
  {
    status: 422,
    title: "The segment is not usable",
    detail: ({ segment, problem }) => `Segment "${segment}": ${problem}`,
    issues: ({ pointer, problem }) => [{ pointer, code: "invalid-segment", message: problem }],
  },
);

/** A template that cannot be parsed, or that would let data become markup. */
export const InvalidTemplate = defineError<{ part: string; problem: string }>("invalid-template", {
  status: 422,
  title: "The template is not usable",
  detail: ({ part, problem }) => `${part}: ${problem}`,
  issues: ({ part, problem }) => [{ pointer: `/${part}`, code: "invalid-template", message: problem }],
});

/** A variable without a value: never a blank in a message. */
export const MissingVariable = defineError<{ part: string; variable: string }>("missing-variable", {
  status: 422,
  title: "A variable of the template has no value",
  detail: ({ part, variable }) =>
    `${part}: "${variable}" has no value here. Give a fallback: {{ ${variable} | default: "…" }}.`,
});

/** Something that must not become part of a message. */
export const UnsafeMessage = defineError<{ part: string; problem: string }>("unsafe-message", {
  status: 422,
  title: "The message is not safe to send",
  detail: ({ part, problem }) => `${part}: ${problem}`,
});

export const MailNotConfigured = defineError<{ missing: readonly string[] }>("mail-not-configured", {
  status: 409,
  title: "No mail can be sent yet",
  detail: ({ missing }) =>
    `Sending needs ${missing.join(" and ")}: marketing({ smtp: { host, port }, from: { address }, publicUrl }).`,
});

export const MailingNotEditable = defineError<{ id: string; status: string; what: string }>(
  "mailing-not-editable",
  {
    status: 409,
    title: "The mailing is no draft any more",
    detail: ({ id, status, what }) => `Mailing ${id} is ${status}: ${what}.`,
  },
);

export const DeliveryReadOnly = defineError<{ operation: string }>("delivery-read-only", {
  status: 409,
  title: "Deliveries are written by their mailing",
  detail: ({ operation }) =>
    `A delivery cannot be ${operation}d: it records what was sent, and keeps a message from going out twice.`,
});

/** Sending waits for a mail server, which no transaction may do. */
export const DeliveryInTransaction = defineError("delivery-in-transaction", {
  status: 500,
  title: "Mail was sent from inside a transaction",
  detail: () =>
    "mailings.deliver() waits for a mail server, and a message cannot be rolled back. Call it outside transaction(), hooks and actions.",
});

export const LinkInvalid = defineError("link-invalid", {
  status: 404,
  title: "The link is not valid",
  detail: () => "The link is incomplete or was changed. Use the one in the message as it is.",
});
