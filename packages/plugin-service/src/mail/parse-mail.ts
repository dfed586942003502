import type { Email } from "postal-mime";
import type { AttachmentInfo } from "../entities/ticket-message.js";
import { type MailAddress, mailAddresses } from "./addresses.js";
import { cleanLine, cleanText, safeFileName } from "./clean-text.js";
import { parseMime } from "./mail-parser.js";
import { derivedMessageId, messageIds, ownMessageId } from "./message-id.js";

/** A mail as far as it could be read. Nothing in it is to be trusted. */
export interface ParsedMail {
  /** Without brackets; derived from the content where the mail has none. */
  readonly messageId: string;
  readonly from: MailAddress | null;
  /** To and Cc, addresses only. */
  readonly to: readonly string[];
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  /** Without control characters; may be empty. */
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly attachments: readonly AttachmentInfo[];
  /** What the sender's clock said, as an instant. */
  readonly sentAt: string | null;
  /** All values of a header, by its name in lower case. */
  header(name: string): readonly string[];
  /** Why it could not be read as it should, or null. */
  readonly problem: string | null;
}

const MAX_TEXT = 900_000;
const MAX_ADDRESSES = 200;
const MAX_ATTACHMENTS = 200;
/** Bytes that are still looked at when the whole cannot be parsed. */
const HEAD_BYTES = 256 * 1024;
/** The parser takes about 20 µs for each short line, and 200 µs for each part. */
const MAX_SHORT_LINES = 40_000;
const MAX_BOUNDARY_LINES = 5_000;

/**
 * Reads a mail. It never throws: what cannot be read has a `problem`, and whatever could be found out all the same.
 *
 * @param maxBytes longer mail is read as far as its first 256 KiB
 */
export async function parseMail(raw: Uint8Array, maxBytes: number): Promise<ParsedMail> {
  const problem = sizeProblem(raw, maxBytes) ?? lineProblem(raw);
  if (problem) return readHead(raw, problem);
  try {
    const mail = describe(await parseMime(raw), raw, null);
    return mail.from === null && mail.subject === "" && mail.header("date").length === 0
      ? { ...mail, problem: "not-a-mail: it has no From, no Subject and no Date" }
      : mail;
  } catch (error) {
    return readHead(raw, `unreadable: ${cleanLine(String((error as Error)?.message ?? error), 200)}`);
  }
}

function sizeProblem(raw: Uint8Array, maxBytes: number): string | null {
  if (raw.length === 0) return "empty: there is nothing in it";
  return raw.length > maxBytes ? `too-large: it has more than ${maxBytes} bytes` : null;
}

/** Counts what makes parsing slow. A long attachment in base64 has long lines, and is quick. */
function lineProblem(raw: Uint8Array): string | null {
  let shortLines = 0;
  let boundaries = 0;
  let start = 0;
  for (let end = raw.indexOf(0x0a); end >= 0; end = raw.indexOf(0x0a, start)) {
    if (end - start < 60) shortLines++;
    if (raw[start] === 0x2d && raw[start + 1] === 0x2d) boundaries++;
    start = end + 1;
  }
  if (boundaries > MAX_BOUNDARY_LINES) return `too-many-parts: it may have more than ${MAX_BOUNDARY_LINES}`;
  return shortLines > MAX_SHORT_LINES
    ? `too-many-lines: it has more than ${MAX_SHORT_LINES} short ones`
    : null;
}

/** What the beginning of a mail tells, so that people can see what it is that they look at. */
async function readHead(raw: Uint8Array, problem: string): Promise<ParsedMail> {
  const head = raw.subarray(0, HEAD_BYTES);
  try {
    if (lineProblem(head) === null) return describe(await parseMime(head), raw, problem);
  } catch {
    // Not even that: its text as it stands.
  }
  const text = cleanText(Buffer.from(head).toString("utf8"), HEAD_BYTES);
  return { ...describe({ headers: [], headerLines: [], attachments: [] }, raw, problem), text };
}

function describe(email: Email, raw: Uint8Array, problem: string | null): ParsedMail {
  const header = (name: string) =>
    email.headers.filter(({ key }) => key === name).map(({ value }) => cleanLine(value, 2_000));
  const sender = mailAddresses(
    [email.from, email.sender, ...(email.replyTo ?? [])].flatMap((a) => a ?? []),
    1,
  );
  const recipients = mailAddresses([...(email.to ?? []), ...(email.cc ?? [])], MAX_ADDRESSES);
  return {
    messageId: ownMessageId(email.messageId) ?? derivedMessageId(email.headers, raw),
    from: sender[0] ?? null,
    to: recipients.map(({ address }) => address),
    inReplyTo: messageIds(email.inReplyTo, 1)[0] ?? null,
    references: messageIds(email.references, 50),
    subject: cleanLine(email.subject ?? "", 1_000),
    text: cleanText(textOf(email, raw), MAX_TEXT).replace(/\n+$/, ""),
    html: email.html ? cleanText(email.html, MAX_TEXT) : null,
    attachments: email.attachments.slice(0, MAX_ATTACHMENTS).map(attachmentOf),
    sentAt: instantOf(email.date),
    header,
    problem,
  };
}

/** Where the parts of a mail cannot be found, for want of the boundary between them, its body stands as it is. */
function textOf({ text, html, attachments, headers }: Email, raw: Uint8Array): string {
  if (text?.trim() || html || attachments.length > 0 || headers.length === 0) return text ?? "";
  const head = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.byteLength, HEAD_BYTES)).toString("utf8");
  const end = head.search(/\r?\n\r?\n/);
  if (end < 0) return "";
  const lines = head.slice(end).split("\n");
  return lines
    .filter((line) => !SCAFFOLD.test(line))
    .join("\n")
    .trim();
}

/** What stands around parts rather than in them. */
const SCAFFOLD = /^(?:--\S|(?:content-[\w-]+|mime-version):)/i;

function attachmentOf({
  filename,
  mimeType,
  content,
  contentId,
}: Email["attachments"][number]): AttachmentInfo {
  const id = cleanLine(contentId ?? "", 250).replace(/^<|>$/g, "");
  return {
    fileName: safeFileName(filename ?? ""),
    contentType: cleanLine(mimeType, 100) || "application/octet-stream",
    size: typeof content === "string" ? Buffer.byteLength(content) : content.byteLength,
    ...(id ? { contentId: id } : {}),
  };
}

/** The sender's date where it is one of our age: `0001` and `9999` are jokes, and no database has them all. */
function instantOf(date: string | undefined): string | null {
  const plausible = /^(?:19[7-9]|20)\d[\d-]*T[\d:.]+Z$/;
  return date && plausible.test(date) ? date : null;
}
