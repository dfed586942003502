import { RowTooLarge } from "./errors.js";
import { MAX_RECORD, readLines } from "./read-csv.js";

/** A line of a vCard (RFC 6350) or a calendar (RFC 5545), which share their syntax. */
export interface ContentLine {
  /** Of the file, where it begins. */
  readonly line: number;
  /** In capitals, without a group: `item1.EMAIL` is `EMAIL`. Empty where the line is none. */
  readonly name: string;
  /** Values by name in capitals; a bare one is a `TYPE`, as vCard 3 allows. */
  readonly parameters: ReadonlyMap<string, readonly string[]>;
  /** As it stands, escaped. */
  readonly value: string;
  /** As it came, unfolded. */
  readonly text: string;
}

const NAME = /^(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)/;
const PARAMETER = /;([A-Za-z0-9-]+)(?:=((?:"[^"]*"|[^";:,])*(?:,(?:"[^"]*"|[^";:,])*)*))?/y;
const NONE: ReadonlyMap<string, readonly string[]> = new Map();

interface OpenLine {
  readonly line: number;
  readonly name: string;
  readonly parts: string[];
  size: number;
  readonly wanted: boolean;
}

/**
 * Reads the lines of a file, unfolded. Memory holds one; of those whose name is not wanted, such as photos, only
 * the beginning.
 *
 * @throws row-too-large
 */
export async function* readContentLines(
  text: AsyncIterable<string>,
  isWanted: (name: string) => boolean,
): AsyncGenerator<ContentLine> {
  let open: OpenLine | undefined;
  let line = 0;
  for await (const raw of readLines(text, MAX_RECORD)) {
    line += 1;
    const bare = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (open && /^[ \t]/.test(bare)) {
      if (!open.wanted) continue;
      open.size += bare.length;
      if (open.size > MAX_RECORD) throw RowTooLarge({ line: open.line, limit: MAX_RECORD });
      open.parts.push(bare.slice(1));
      continue;
    }
    if (open) yield closed(open);
    const [head = "", found = ""] = NAME.exec(bare) ?? [];
    const name = /^[;:]/.test(bare.slice(head.length)) ? found.toUpperCase() : "";
    // One whose name goes on in the next line has one by then.
    const wanted = name === "" || isWanted(name);
    open =
      bare.trim() === ""
        ? undefined
        : { line, name, parts: [wanted ? bare : bare.slice(0, 200)], size: bare.length, wanted };
  }
  if (open) yield closed(open);
}

/** Of what nobody wants the beginning alone is there, which may end within its parameters. */
const closed = ({ line, name, parts, wanted }: OpenLine): ContentLine =>
  wanted ? parsed(line, parts.join("")) : { line, name, parameters: NONE, value: "", text: parts.join("") };

function parsed(line: number, text: string): ContentLine {
  const none = { line, name: "", parameters: NONE, value: "", text };
  const [head = "", name] = NAME.exec(text) ?? [];
  if (name === undefined) return none;
  let at = head.length;
  const parameters = new Map<string, string[]>();
  while (text[at] === ";") {
    PARAMETER.lastIndex = at;
    const [whole, key = "", values] = PARAMETER.exec(text) ?? [];
    if (whole === undefined) return none;
    at += whole.length;
    const given = values === undefined ? [key] : (values.match(/"[^"]*"|[^",]+/g) ?? []);
    const under = values === undefined ? "TYPE" : key.toUpperCase();
    const known = parameters.get(under) ?? [];
    parameters.set(under, known);
    for (const value of given) known.push(value.replace(/^"|"$/g, ""));
  }
  if (text[at] !== ":") return none;
  return { line, name: name.toUpperCase(), parameters, value: text.slice(at + 1), text };
}

/** A text value without its escapes. */
export const unescaped = (value: string): string =>
  value.replace(/\\([\s\S])/g, (_, mark: string) => (mark === "n" || mark === "N" ? "\n" : mark));

/** The parts of a value between marks that are not escaped, each without its escapes. */
export function partsOf(value: string, mark: ";" | ","): string[] {
  const parts: string[] = [];
  let part = "";
  for (let at = 0; at < value.length; at++) {
    const sign = value[at] as string;
    if (sign === "\\") {
      part += value.slice(at, at + 2);
      at += 1;
    } else if (sign === mark) {
      parts.push(part);
      part = "";
    } else part += sign;
  }
  return [...parts, part].map(unescaped);
}

/** Adds the lines of a card that are wanted, and those that are none. Together they are no longer than a record may be. */
export class CardLines {
  readonly start: number;
  readonly lines: ContentLine[] = [];
  #size = 0;

  /** @param start line of the file in which the card begins */
  constructor(start: number) {
    this.start = start;
  }

  /** @throws row-too-large */
  add(content: ContentLine): void {
    this.#size += content.text.length + 1;
    if (this.#size > MAX_RECORD) throw RowTooLarge({ line: this.start, limit: MAX_RECORD });
    this.lines.push(content);
  }
}

const OCTETS = 75;

/** A text as a value: no line of it can become a line of the file. */
export const escaped = (text: string): string =>
  text
    .replace(/[\\;,]/g, (mark) => `\\${mark}`)
    .replace(/\r\n|[\r\n\u2028\u2029]/g, "\\n")
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they have no place in a value.
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "");

/** A line with its end, folded so that none has more than 75 octets and no character is cut. */
export function contentLine(name: string, value: string): string {
  const line = `${name}:${value}`;
  if (Buffer.byteLength(line) <= OCTETS) return `${line}\r\n`;
  let folded = "";
  let room = OCTETS;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (size > room) {
      folded += "\r\n ";
      room = OCTETS - 1;
    }
    folded += character;
    room -= size;
  }
  return `${folded}\r\n`;
}
