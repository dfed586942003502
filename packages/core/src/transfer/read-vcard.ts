import { VCARD_COLUMNS, type VcardColumn } from "../plugin/card-formats.js";
import { parsePersonName } from "../standards/person-name.js";
import { CardLines, type ContentLine, partsOf, readContentLines, unescaped } from "./content-lines.js";
import { InvalidImport } from "./errors.js";
import type { CsvRecord } from "./read-csv.js";

const WANTED = new Set([
  ...["BEGIN", "END", "VERSION", "KIND", "UID", "FN", "N", "EMAIL", "TEL", "TITLE", "ORG", "ADR", "BDAY"],
  ...["URL", "NOTE"],
]);

/** Characters of a name that is taken apart. */
const MAX_NAME = 1_000;

/**
 * Reads vCards 3.0 and 4.0 as records of text; the first one is the header. Of several addresses or numbers the preferred
 * one is taken, or else the first; the others stand in a column of their own, one to a line. A card that is broken costs no other. Memory holds one.
 *
 * @throws invalid-import, row-too-large
 */
export async function* readVcard(text: AsyncIterable<string>): AsyncGenerator<CsvRecord> {
  yield { line: 1, cells: [...VCARD_COLUMNS] };
  let card: CardLines | undefined;
  let any = false;
  for await (const content of readContentLines(text, (name) => WANTED.has(name))) {
    const { name, value, line } = content;
    const isCard = value.trim().toUpperCase() === "VCARD";
    if (name === "BEGIN" && isCard) {
      if (card) yield broken(card.start, card.lines, "is not closed by END:VCARD");
      [card, any] = [new CardLines(line), true];
    } else if (name === "END" && isCard && card) {
      yield recordOf(card.start, card.lines);
      card = undefined;
    } else if (card) {
      if (name === "" || WANTED.has(name)) card.add(content);
    } else if (!any) break;
    else yield broken(line, [content], "stands outside of a card");
  }
  if (card) yield broken(card.start, card.lines, "is not closed by END:VCARD");
  if (!any) throw InvalidImport({ reason: "The file holds no vCard: it does not begin with BEGIN:VCARD." });
}

const broken = (line: number, lines: readonly ContentLine[], problem: string): CsvRecord => ({
  line,
  cells: [lines.map(({ text }) => text).join("\n")],
  problem,
});

function recordOf(line: number, lines: readonly ContentLine[]): CsvRecord {
  const problem = problemOf(lines);
  if (problem !== undefined) return broken(line, lines, problem);
  const cells = new Map<VcardColumn, string>();
  const textOf = (name: string) => unescaped(best(lines, name)?.value ?? "").trim();
  const [family = "", given = ""] = partsOf(best(lines, "N")?.value ?? "", ";").map((part) => part.trim());
  const full = textOf("FN");
  // No name is so long, and taking it apart takes time.
  const name = parsePersonName(full.length > MAX_NAME ? "" : full);
  const isNamed = family.trim() !== "" || given.trim() !== "";
  cells.set("UID", textOf("UID").replace(/^urn:uuid:/i, ""));
  cells.set("FN", full);
  cells.set("N.family", isNamed ? family || given : name.last || full);
  cells.set("N.given", isNamed ? (family ? given : "") : name.first);
  for (const [column, scheme] of [
    ["EMAIL", /^mailto:/i],
    ["TEL", /^tel:/i],
  ] as const) {
    cells.set(column, textOf(column).replace(scheme, ""));
    const first = best(lines, column);
    const more = lines.filter((one) => one.name === column && one !== first);
    const texts = more.map(({ value }) => rowsOf(unescaped(value).trim().replace(scheme, "")).join(" "));
    cells.set(`${column}.more`, texts.filter((text) => text !== "").join("\n"));
  }
  cells.set("TITLE", textOf("TITLE"));
  cells.set("ORG", (partsOf(best(lines, "ORG")?.value ?? "", ";")[0] ?? "").trim());
  const [, , street = "", locality = "", region = "", code = "", country = ""] = partsOf(
    best(lines, "ADR")?.value ?? "",
    ";",
  );
  cells.set("ADR.street", rowsOf(street).join(", "));
  cells.set("ADR.locality", locality.trim());
  cells.set("ADR.region", region.trim());
  cells.set("ADR.code", code.trim());
  cells.set("ADR.country", country.trim());
  cells.set("BDAY", dayOf(textOf("BDAY")));
  cells.set("URL", textOf("URL"));
  cells.set("NOTE", textOf("NOTE"));
  return { line, cells: VCARD_COLUMNS.map((column) => cells.get(column) ?? "") };
}

/** A pattern for white space around line ends looks at a run of blanks as often as it is long. */
const rowsOf = (text: string): string[] =>
  text
    .split("\n")
    .map((row) => row.trim())
    .filter((row) => row !== "");

function problemOf(lines: readonly ContentLine[]): string | undefined {
  const wrong = lines.find(({ name }) => name === "");
  if (wrong) return `has a line that is no property: line ${wrong.line}`;
  const version = best(lines, "VERSION")?.value.trim();
  if (version !== "3.0" && version !== "4.0")
    return `is of version ${version?.slice(0, 10) || "(none)"}: 3.0 and 4.0 are read`;
  return best(lines, "KIND")?.value.trim().toLowerCase() === "group"
    ? "is a group, and no person"
    : undefined;
}

/** Of several properties that say something the one with the lowest `PREF`, or the `TYPE=pref` of version 3; else the first. */
function best(lines: readonly ContentLine[], name: string): ContentLine | undefined {
  const rank = ({ parameters }: ContentLine): number => {
    const preference = Number(parameters.get("PREF")?.[0]);
    if (preference >= 1 && preference <= 100) return preference;
    return parameters.get("TYPE")?.some((type) => type.toLowerCase() === "pref") ? 1 : 101;
  };
  let found: ContentLine | undefined;
  for (const line of lines) {
    if (line.name !== name || line.value.trim() === "") continue;
    if (!found || rank(line) < rank(found)) found = line;
  }
  return found;
}

/** `19850412` and `1985-04-12T00:00:00Z` as a day; others, such as one without a year, as they are. */
function dayOf(text: string): string {
  const [, year, month, day] = /^(\d{4})-?(\d{2})-?(\d{2})(?:T.*)?$/.exec(text) ?? [];
  return year ? `${year}-${month}-${day}` : text;
}
