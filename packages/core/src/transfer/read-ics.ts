import { type CardFormat, ICS_COLUMNS, type IcsColumn } from "../plugin/card-formats.js";
import { toInstant } from "../util/clock.js";
import { isTimeZone, timeZone } from "../util/time-zone.js";
import { CardLines, type ContentLine, partsOf, readContentLines, unescaped } from "./content-lines.js";
import { InvalidImport } from "./errors.js";
import type { CsvRecord } from "./read-csv.js";

const WANTED = new Set([
  ...["BEGIN", "END", "X-WR-TIMEZONE", "UID", "SUMMARY", "DESCRIPTION", "CATEGORIES", "DTSTART", "DUE"],
  ...["COMPLETED", "STATUS", "RRULE", "RDATE", "RECURRENCE-ID"],
]);
const READ = new Set(["VEVENT", "VTODO"]);
/** Components that stand in one another: an alarm stands in two. */
const MAX_DEPTH = 10;

/** What `KIND` may be, and what it is where the file does not say. */
export type Kinds = Pick<Extract<CardFormat, { format: "ics" }>, "todo" | "event"> & {
  readonly known: readonly string[];
};

/**
 * Reads the events and to-dos of a calendar (RFC 5545) as records of text; the first one is the header. Times of a zone are
 * read by its IANA name, times without one by the zone of the calendar, or else by UTC. What repeats, or is cancelled, is no
 * record and says so. Memory holds one.
 *
 * @throws invalid-import, row-too-large
 */
export async function* readIcs(text: AsyncIterable<string>, kinds: Kinds): AsyncGenerator<CsvRecord> {
  yield { line: 1, cells: [...ICS_COLUMNS] };
  const within: string[] = [];
  let card = new CardLines(0);
  let zone = "UTC";
  let any = false;
  for await (const content of readContentLines(text, (name) => WANTED.has(name))) {
    const { name, value, line } = content;
    const component = value.trim().slice(0, 100).toUpperCase();
    if (!any && !(name === "BEGIN" && component === "VCALENDAR")) break;
    any = true;
    const at = within.length;
    if (name === "BEGIN") {
      within.push(component);
      if (at === MAX_DEPTH)
        throw InvalidImport({ reason: `Line ${line} opens a component in more than ${MAX_DEPTH} others.` });
      if (at === 1 && READ.has(component)) card = new CardLines(line);
    } else if (name === "END") {
      const open = within.pop();
      if (open !== component)
        throw InvalidImport({
          reason: `Line ${line} ends ${component.slice(0, 40)}, and ${open ?? "nothing"} is open.`,
        });
      if (at === 2 && READ.has(component)) yield recordOf(card.start, card.lines, component, zone, kinds);
    } else if (at === 1 && name === "X-WR-TIMEZONE") {
      if (isTimeZone(value.trim())) zone = value.trim();
    } else if (at === 2 && READ.has(within[1] as string)) {
      if (name === "" || WANTED.has(name)) card.add(content);
    }
  }
  if (!any)
    throw InvalidImport({ reason: "The file is no calendar: it does not begin with BEGIN:VCALENDAR." });
  if (within.length > 0)
    throw InvalidImport({ reason: `The file ends in the middle of ${within.at(-1)?.slice(0, 40)}.` });
}

const broken = (line: number, lines: readonly ContentLine[], problem: string): CsvRecord => ({
  line,
  cells: [lines.map(({ text }) => text).join("\n")],
  problem,
});

function recordOf(
  line: number,
  lines: readonly ContentLine[],
  component: string,
  zone: string,
  { todo, event, known }: Kinds,
): CsvRecord {
  const of = (name: string) => lines.find((one) => one.name === name);
  const wrong = lines.find(({ name }) => name === "");
  if (wrong) return broken(line, lines, `has a line that is no property: line ${wrong.line}`);
  if (of("RRULE") || of("RDATE")) return broken(line, lines, "repeats: only single events are read");
  if (of("RECURRENCE-ID")) return broken(line, lines, "is one occurrence of a series");
  if (of("STATUS")?.value.trim().toUpperCase() === "CANCELLED") return broken(line, lines, "is cancelled");
  const begins = (component === "VTODO" ? of("DUE") : undefined) ?? of("DTSTART");
  const times = [begins, of("COMPLETED")].map((one) => (one ? instantOf(one, zone) : ""));
  const strange = [begins, of("COMPLETED")].find((_, i) => times[i] === undefined);
  if (strange) return broken(line, lines, `has a time that cannot be read: ${strange.text.slice(0, 100)}`);
  const textOf = (name: string) => unescaped(of(name)?.value ?? "").trim();
  const categories = partsOf(of("CATEGORIES")?.value ?? "", ",").map((one) => one.trim().toLowerCase());
  const category = known.find((kind) => categories.includes(kind.toLowerCase()));
  const cells: Readonly<Record<IcsColumn, string>> = {
    UID: textOf("UID").replace(/^urn:uuid:/i, ""),
    KIND: category ?? (component === "VTODO" ? todo : event),
    SUMMARY: textOf("SUMMARY"),
    DESCRIPTION: textOf("DESCRIPTION"),
    DTSTART: times[0] ?? "",
    COMPLETED: times[1] ?? "",
  };
  return { line, cells: ICS_COLUMNS.map((column) => cells[column]) };
}

/** `20260301T090000Z`, the same with a `TZID`, or a day; undefined for what is none of them. */
function instantOf({ value, parameters }: ContentLine, fallback: string): string | undefined {
  const [, year, month, day, hour = "00", minute = "00", second = "00", utc] =
    /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?$/.exec(value.trim()) ?? [];
  if (year === undefined) return undefined;
  const zone = utc ? "UTC" : (parameters.get("TZID")?.[0] ?? fallback);
  if (!isTimeZone(zone)) return undefined;
  try {
    const local = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
    return toInstant(timeZone(zone).toInstant(local));
  } catch {
    return undefined;
  }
}
