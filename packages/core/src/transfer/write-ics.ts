import type { RecordValues } from "../model/record-codec.js";
import type { IcsColumn } from "../plugin/card-formats.js";
import { contentLine, escaped } from "./content-lines.js";
import { compact } from "./write-vcard.js";

export const ICS_HEAD =
  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Corm//Corm//EN\r\nCALSCALE:GREGORIAN\r\n";
export const ICS_TAIL = "END:VCALENDAR\r\n";

/** One record as an event of a calendar (RFC 5545), or as a to-do where its kind is that. */
export function icsOf(record: RecordValues, textOf: (column: IcsColumn) => string, todo: string): string {
  const kind = textOf("KIND");
  const isTodo = kind === todo;
  const component = isTodo ? "VTODO" : "VEVENT";
  const line = (name: string, text: string) => (text === "" ? "" : contentLine(name, escaped(text)));
  const time = (name: string, instant: string) => (instant === "" ? "" : contentLine(name, compact(instant)));
  return [
    `BEGIN:${component}\r\n`,
    line("UID", textOf("UID") || (record["id"] as string)),
    time("DTSTAMP", record["updatedAt"] as string),
    time(isTodo ? "DUE" : "DTSTART", textOf("DTSTART")),
    line("SUMMARY", textOf("SUMMARY")),
    line("DESCRIPTION", textOf("DESCRIPTION")),
    line("CATEGORIES", kind),
    // An event has no place for when it was done.
    isTodo ? time("COMPLETED", textOf("COMPLETED")) : "",
    isTodo && textOf("COMPLETED") !== "" ? contentLine("STATUS", "COMPLETED") : "",
    `END:${component}\r\n`,
  ].join("");
}
