import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { parse } from "csv-parse/sync";
import { UserError } from "../user-error.js";

/** One row under the names of its columns, or why it cannot be read. `line` is where it begins; the header is line 1. */
export type CsvRow<Column extends string> =
  | { readonly line: number; readonly cells: Readonly<Record<Column, string>> }
  | { readonly line: number; readonly problem: string };

export interface CsvTable<Column extends string> {
  readonly name: string;
  /** Streams the rows; memory holds a few hundred lines. */
  rows(): AsyncGenerator<CsvRow<Column>>;
}

interface Line {
  readonly line: number;
  readonly text: string;
}

/** Lines that are parsed in one call. */
const GROUP = 200;
/** A quoted field may hold line breaks; one that runs on for longer has lost its closing quote. */
const MAX_LINES = 50;

/**
 * Opens a CSV file in UTF-8, with or without a byte order mark, lines ending in LF or CRLF, and checks its header.
 * Other columns than the asked ones may stand in it, in any order.
 *
 * @throws UserError where the file is empty or its header lacks a column
 */
export async function openCsv<const Column extends string>(
  path: string,
  columns: readonly Column[],
): Promise<CsvTable<Column>> {
  const name = basename(path);
  const header = await readHeader(path);
  const places = columns.map((column) => header.indexOf(column));
  const missing = columns.filter((_, i) => (places[i] as number) < 0);
  if (missing.length > 0) {
    throw new UserError(
      `The header of ${name} lacks ${missing.map((column) => `"${column}"`).join(", ")}. ` +
        `It needs ${columns.join(",")} and has ${header.join(",").slice(0, 200) || "nothing"}.`,
    );
  }
  async function* rows(): AsyncGenerator<CsvRow<Column>> {
    let isHeader = true;
    for await (const record of readRecords(path, header.length)) {
      if (isHeader) isHeader = false;
      else if ("problem" in record) yield record;
      else {
        const cells = columns.map((column, i) => [column, record.values[places[i] as number] as string]);
        yield { line: record.line, cells: Object.fromEntries(cells) as Record<Column, string> };
      }
    }
  }
  return { name, rows };
}

async function readHeader(path: string): Promise<string[]> {
  for await (const text of readLines(path)) {
    if (text.trim() === "") continue;
    const values = parseLines([text])?.[0] ?? [];
    return values.map((value) => value.trim().toLowerCase());
  }
  throw new UserError(`${basename(path)} is empty.`);
}

type CsvRecord =
  | { readonly line: number; readonly values: readonly string[] }
  | { readonly line: number; readonly problem: string };

/** Records of the file. One that is broken costs its own line only, also where it opens a quote and never closes it. */
async function* readRecords(path: string, width: number): AsyncGenerator<CsvRecord> {
  const lines = readLines(path);
  const ahead: string[] = [];
  const take = async () => ahead.shift() ?? ((await lines.next()).value as string | undefined);
  let group: Line[] = [];
  let line = 0;
  for (let text = await take(); text !== undefined; text = await take()) {
    line += 1;
    if (text.trim() === "") continue;
    if (hasPairs(text)) {
      group.push({ line, text });
      if (group.length < GROUP) continue;
    }
    yield* parseGroup(group, width);
    group = [];
    if (hasPairs(text)) continue;
    const rest = await readUntilClosed(take);
    const values = parseLines([[text, ...rest].join("\n")])?.[0];
    if (values?.length === width) {
      yield { line, values };
      line += rest.length;
    } else {
      yield { line, problem: "opens a quote that is not closed" };
      ahead.unshift(...rest);
    }
  }
  yield* parseGroup(group, width);
}

/** The lines after one that opens a quoted field, up to the one that closes it, or as many as are looked at. */
async function readUntilClosed(take: () => Promise<string | undefined>): Promise<string[]> {
  const rest: string[] = [];
  while (rest.length < MAX_LINES) {
    const text = await take();
    if (text === undefined) break;
    rest.push(text);
    if (!hasPairs(text)) break;
  }
  return rest;
}

function* parseGroup(group: readonly Line[], width: number): Generator<CsvRecord> {
  const together = parseLines(group.map(({ text }) => text));
  for (const [i, { line, text }] of group.entries()) {
    const values = together?.[i] ?? parseLines([text])?.[0];
    if (!values) yield { line, problem: "has a quote in the wrong place" };
    else if (values.length !== width) {
      yield { line, problem: `has ${values.length} columns, and the header has ${width}` };
    } else yield { line, values };
  }
}

/** One list of values a line, or undefined where a line is no CSV. */
function parseLines(lines: readonly string[]): string[][] | undefined {
  try {
    const records = parse(lines.join("\n"), { relax_column_count: true, record_delimiter: "\n" });
    return records.length === lines.length ? records : undefined;
  } catch {
    return undefined;
  }
}

/** In whole records quotes come in pairs: around a field, and doubled inside of one. */
function hasPairs(text: string): boolean {
  let quotes = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes += 1;
  return quotes % 2 === 0;
}

async function* readLines(path: string): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of createReadStream(path)) {
    const lines = (rest + decoder.decode(chunk as Buffer, { stream: true })).split("\n");
    rest = lines.pop() as string;
    for (const text of lines) yield text.endsWith("\r") ? text.slice(0, -1) : text;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest.endsWith("\r") ? rest.slice(0, -1) : rest;
  return undefined;
}

/** Lines of a file, for a progress bar. */
export async function countLines(path: string): Promise<number> {
  let lines = 0;
  for await (const _ of readLines(path)) lines += 1;
  return lines;
}
