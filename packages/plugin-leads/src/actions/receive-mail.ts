import { defineAction, fromOutside, instant, TransactionConflict, Type, UniqueViolation } from "@corm/core";
import { capturedMail } from "../entities/captured-mail.js";
import { lead } from "../entities/lead.js";
import { captureLead } from "../services/capture-lead.js";

const NOTES = 5_000;
const nullableId = Type.Union([Type.String(), Type.Null()]);

/**
 * Takes in whoever has written a mail, from the message as a MIME parser gives it. The same `messageId` twice is one mail;
 * what programs send by themselves makes no lead. `POST /api/leads/receive-mail`
 */
export const receiveMail = defineAction({
  name: "receiveMail",
  on: lead,
  collection: true,
  label: "Take in a mail",
  permission: "lead.capture",
  input: Type.Object({
    messageId: Type.String({ minLength: 1, maxLength: 500 }),
    from: Type.Object({
      name: Type.Optional(Type.String({ maxLength: 200 })),
      address: Type.String({ format: "email", maxLength: 254 }),
    }),
    /** The address that it was sent to. */
    to: Type.Optional(Type.String({ maxLength: 254 })),
    subject: Type.Optional(Type.String({ maxLength: 2_000 })),
    text: Type.Optional(Type.String({ maxLength: 1_000_000 })),
    sentAt: Type.Optional(instant()),
    /** By lower-case name; those that tell who wrote: auto-submitted, precedence, return-path, list-id, x-autoreply. */
    headers: Type.Optional(Type.Record(Type.String(), Type.String({ maxLength: 2_000 }))),
    sourceId: Type.Optional(Type.String({ format: "uuid" })),
  }),
  output: Type.Object({
    outcome: Type.Enum(["captured", "automatic", "repeated"]),
    leadId: nullableId,
    contactId: nullableId,
  }),
  run: async ({ input }, caller) => {
    const { messageId, from, to, subject = "", text = "", headers = {}, sentAt, sourceId } = input;
    const system = caller.asSystem({ capability: "leads.capture", reason: "a mail came" });
    const ctx = fromOutside(system, "mail", messageId, caller.origin);
    if (isAutomatic(headers)) return { outcome: "automatic" as const, leadId: null, contactId: null };
    const twin = await ctx.repo(capturedMail).first({ where: { messageId } });
    if (twin) return { outcome: "repeated" as const, leadId: twin.leadId, contactId: twin.contactId };
    const [firstName, lastName] = splitName(from.name ?? "");
    const written = `${subject}\n\n${text}`.trim().slice(0, NOTES);
    const { leadId, contactId } = await captureLead(ctx, {
      values: {
        ...{ firstName, lastName, email: from.address, notes: written === "" ? null : written },
        ...(sourceId ? { sourceId } : {}),
      },
      touch: {
        channel: "email",
        source: to?.slice(0, 200),
        // A date that the sender made up is not before or after everything else.
        at: sentAt !== undefined && sentAt <= ctx.now() ? sentAt : ctx.now(),
        details: { ...(subject === "" ? {} : { subject: subject.slice(0, 500) }), messageId },
      },
    });
    try {
      await ctx.repo(capturedMail).create({ messageId, leadId, contactId });
    } catch (error) {
      if (!UniqueViolation.is(error)) throw error;
      // Its twin committed at this moment. This one is rolled back, and finds the twin when it is tried again.
      throw TransactionConflict({ reason: `mail ${messageId} came twice` }, { cause: error });
    }
    return { outcome: "captured" as const, leadId, contactId };
  },
});

function isAutomatic(headers: Readonly<Record<string, string>>): boolean {
  const { precedence = "", "auto-submitted": submitted = "no", "return-path": path } = headers;
  if (path !== undefined && (path.trim() === "" || path.trim() === "<>")) return true;
  if (!/^no\b/i.test(submitted) || /^(?:bulk|junk|list|auto_reply)\b/i.test(precedence)) return true;
  return ["list-id", "x-autoreply", "x-autorespond", "x-failed-recipients"].some((name) => name in headers);
}

/** "Ada Lovelace" and "Lovelace, Ada" are one. */
function splitName(name: string): [string | null, string | null] {
  const clean = name.replaceAll('"', "").trim();
  const [last, first] = clean.split(/,\s*/);
  if (first && last && clean.split(",").length === 2) return [first.slice(0, 100), last.slice(0, 100)];
  const words = clean.split(/\s+/).filter(Boolean);
  const lastName = words.pop() ?? null;
  return [words.join(" ").slice(0, 100) || null, lastName?.slice(0, 100) ?? null];
}
