import { escapeHtml } from "@corm/core";
import type { SendMailOptions } from "nodemailer";
import type { RenderedMessage } from "../templates/render.js";
import { mailAddress } from "./address.js";

export interface OutgoingMail {
  readonly from: { readonly name: string; readonly address: string };
  /** Validated. */
  readonly to: string;
  readonly message: RenderedMessage;
  readonly unsubscribeUrl: string;
  /** Unique per delivery; becomes the `Message-ID`. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly date: number;
}

/** `Message-ID` of a delivery, without brackets. */
export function messageIdOf(id: string, from: string): string {
  return `${id}@${from.slice(from.lastIndexOf("@") + 1)}`;
}

/**
 * A message for nodemailer: one recipient, given as an object in header and envelope, so that nothing is parsed;
 * one-click unsubscribe as RFC 8058 has it; and a visible link where the template forgot it.
 */
export function composeMail(mail: OutgoingMail): SendMailOptions {
  const { from, to, unsubscribeUrl: url } = mail;
  if (mailAddress(to) !== to) throw new Error("a recipient reached the transport unchecked");
  const html = mail.message.html.includes(escapeHtml(url))
    ? mail.message.html
    : withFooter(mail.message.html, `<p><a href="${escapeHtml(url)}">Unsubscribe</a></p>`);
  const text = mail.message.text.includes(url)
    ? mail.message.text
    : `${mail.message.text}\n\nUnsubscribe: ${url}\n`;
  return {
    from: { name: from.name, address: from.address },
    to: { name: "", address: to },
    envelope: { from: from.address, to: [to] },
    subject: mail.message.subject,
    text,
    html,
    messageId: `<${messageIdOf(mail.id, from.address)}>`,
    date: new Date(mail.date),
    headers: {
      "List-Unsubscribe": { prepared: true, value: `<${url}>` },
      "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

function withFooter(html: string, footer: string): string {
  const end = html.toLowerCase().lastIndexOf("</body");
  return end < 0 ? html + footer : html.slice(0, end) + footer + html.slice(end);
}
