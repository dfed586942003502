import type { RecordValues } from "../model/record-codec.js";
import type { VcardColumn } from "../plugin/card-formats.js";
import { isUuid } from "../util/uuid.js";
import { contentLine, escaped } from "./content-lines.js";

/** What a card says, by its columns. */
export type CardTexts = (column: VcardColumn) => string;

/** One record as a vCard 4.0 (RFC 6350). */
export function vcardOf(record: RecordValues, textOf: CardTexts): string {
  const line = (name: string, text: string) => (text === "" ? "" : contentLine(name, escaped(text)));
  const structured = (name: string, parts: readonly string[]) =>
    parts.every((part) => part === "") ? "" : contentLine(name, parts.map(escaped).join(";"));
  const [family, given] = [textOf("N.family"), textOf("N.given")];
  const phone = textOf("TEL");
  const uid = textOf("UID") || (record["id"] as string);
  const full = textOf("FN") || [given, family].filter(Boolean).join(" ") || textOf("EMAIL") || phone;
  return [
    "BEGIN:VCARD\r\nVERSION:4.0\r\n",
    isUuid(uid.toLowerCase())
      ? contentLine("UID", `urn:uuid:${uid.toLowerCase()}`)
      : contentLine("UID;VALUE=text", escaped(uid)),
    contentLine("REV", compact(record["updatedAt"] as string)),
    // A card without a name is none.
    contentLine("FN", escaped(full || uid)),
    structured("N", [family, given, "", "", ""].slice(0, family || given ? 5 : 0)),
    line("ORG", textOf("ORG")),
    line("TITLE", textOf("TITLE")),
    line("EMAIL", textOf("EMAIL")),
    /^\+\d{3,15}(;ext=\d+)?$/.test(phone) ? contentLine("TEL;VALUE=uri", `tel:${phone}`) : line("TEL", phone),
    structured("ADR", [
      ...["", "", textOf("ADR.street"), textOf("ADR.locality"), textOf("ADR.region"), textOf("ADR.code")],
      textOf("ADR.country"),
    ]),
    line("BDAY", textOf("BDAY").replaceAll("-", "")),
    line("URL", textOf("URL")),
    line("NOTE", textOf("NOTE")),
    "END:VCARD\r\n",
  ].join("");
}

/** `2026-03-01T09:00:00.000Z` as `20260301T090000Z`. */
export const compact = (instant: string): string => `${instant.slice(0, 19).replace(/[-:]/g, "")}Z`;
