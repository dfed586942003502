import PostalMime, { type Email } from "postal-mime";
import { htmlToText } from "./html-to-text.js";

interface TextEntry {
  readonly type: "text" | "subMessage";
  readonly value: string;
}

/** What the base class keeps about texts, which its declarations leave out. */
interface Collected {
  readonly textMap: ReadonlyMap<unknown, { readonly plain?: TextEntry[]; readonly html?: TextEntry[] }>;
  readonly textContent: Record<string, string>;
}

/**
 * postal-mime with limits, and without its own conversion of HTML into text: a part of 1 MB that repeats `<a href="`
 * keeps that busy for minutes. The method that is replaced is internal, hence the exact version in package.json; a
 * test with such a mail shows that it still is the one.
 */
class MailParser extends PostalMime {
  constructor() {
    super({
      // Forwarded messages stay attachments: parsing them inline would use the original class again.
      maxRfc822NestingDepth: 0,
      maxNestingDepth: 32,
      maxHeadersSize: 128 * 1024,
    });
  }

  /** Called by the base class once all parts are collected. */
  renderTextContent(): void {
    const { textMap, textContent } = this as unknown as Collected;
    const plain: string[] = [];
    const html: string[] = [];
    for (const entry of textMap.values()) {
      for (const { value } of entry.html ?? []) html.push(value);
      if (entry.plain?.some(({ value }) => value.trim() !== "") || !entry.html)
        for (const { value } of entry.plain ?? []) plain.push(value);
      else for (const { value } of entry.html ?? []) plain.push(htmlToText(value));
    }
    if (html.length > 0) textContent["html"] = html.join("\n");
    if (plain.length > 0) textContent["plain"] = plain.join("\n");
  }
}

/** @throws where the mail exceeds a limit */
export function parseMime(raw: Uint8Array): Promise<Email> {
  return new MailParser().parse(raw);
}
