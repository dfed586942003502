import { defineService } from "../../services/define-service.js";

/** One mailbox. `address` is a single plain address, `name` has no line breaks. */
export interface MailParty {
  readonly name: string;
  readonly address: string;
}

/** One message to one recipient, such as an answer to a customer. */
export interface OutgoingMail {
  /** Without the angle brackets; unique. */
  readonly messageId: string;
  readonly from: MailParty;
  readonly to: MailParty;
  readonly replyTo: MailParty | null;
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  /** Further headers by their name, such as `In-Reply-To`; values without line breaks. */
  readonly headers: Readonly<Record<string, string>>;
  /** A calendar entry (RFC 5545) of a message of RFC 5546: goes along as `text/calendar; method=…` beside the text. */
  readonly calendar?: { readonly method: "REQUEST" | "CANCEL"; readonly content: string };
}

export interface MailReceipt {
  /** `later`: the server asked to come back. `uncertain`: it may have left or not. */
  readonly outcome: "sent" | "rejected" | "later" | "uncertain";
  /** What the server said, in one line. */
  readonly detail: string;
}

/** Sends single messages. A plugin with a mail server provides it; it never rejects. */
export interface MailPort {
  send(mail: OutgoingMail): Promise<MailReceipt>;
}

export const mailPort = defineService<MailPort>("crm.mail");
