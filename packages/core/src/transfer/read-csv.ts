import { InvalidImport, RowTooLarge } from "./errors.js";

/** One record of a file, or why it is none. `line` is where it begins, from 1. */
export type CsvRecord =
  | { readonly line: number; readonly cells: readonly string[] }
  | { readonly line: number; readonly cells: readonly string[]; readonly problem: string };

export interface CsvOptions {
  /** Between the cells. Default: the one that the first line has most of. */
  readonly delimiter?: string | undefined;
  /** Characters of the longest record. Default 1,048,576. */
  readonly maxRecord?: number;
  /** Most cells of a record. Default 1,000. */
  readonly maxCells?: number;
  /**
   * What a quote that is never closed does: `stop` (default) ends the reading, since the rest of the file may be text
   * of that cell; `line` gives up its line alone.
   */
  readonly unclosed?: "stop" | "line";
}

export const MAX_RECORD = 1_048_576;
const MAX_CELLS = 1_000;
/** How far `unclosed: "line"` looks for the closing quote. */
const LOOK_AHEAD = 50;

/**
 * Reads CSV (RFC 4180) from pieces of text: the first record is the header, which gives all others their number of
 * cells. A record that is broken costs no other. Memory holds one record.
 *
 * @throws invalid-import, row-too-large
 */
export async function* readCsv(
  text: AsyncIterable<string> | Iterable<string>,
  options: CsvOptions = {},
): AsyncGenerator<CsvRecord> {
  const { maxRecord = MAX_RECORD, maxCells = MAX_CELLS, unclosed = "stop" } = options;
  const lines = readLines(text, maxRecord);
  let ahead: string[] = [];
  let place = 0;
  const take = async (): Promise<string | undefined> => {
    if (place < ahead.length) return ahead[place++];
    return (await lines.next()).value as string | undefined;
  };
  let line = 0;
  let width = 0;
  let delimiter = options.delimiter;
  for (let first = await take(); first !== undefined; first = await take()) {
    line += 1;
    if (first.trim() === "") continue;
    delimiter ??= likelyDelimiter(first);
    const record = new RecordParser(delimiter);
    let state = record.feed(first);
    const rest: string[] = [];
    let size = first.length;
    while (state === "open") {
      const next = unclosed === "line" && rest.length >= LOOK_AHEAD ? undefined : await take();
      if (next === undefined) break;
      rest.push(next);
      size += next.length + 1;
      if (size > maxRecord) {
        if (unclosed === "stop") throw RowTooLarge({ line, limit: maxRecord });
        break;
      }
      state = record.feed(next);
    }
    if (state === "open" && unclosed === "stop")
      throw InvalidImport({ reason: `The quote that is opened in line ${line} is never closed.` });
    const { cells } = record;
    if (cells.length > maxCells)
      throw InvalidImport({ reason: `Line ${line} has more than ${maxCells} columns.` });
    const fits = state === "done" && (width === 0 || cells.length === width);
    // What follows a broken quote is read again: as records of their own.
    const again = rest.length > 0 && (state !== "done" || (!fits && unclosed === "line"));
    if (again) {
      ahead = rest.concat(ahead.slice(place));
      place = 0;
    } else if (place >= ahead.length) {
      ahead = [];
      place = 0;
    }
    if (fits) {
      width ||= cells.length;
      yield { line, cells };
    } else
      yield {
        line,
        cells: again || state !== "done" ? [first] : cells,
        problem: problemOf(state, cells, width, again),
      };
    if (!again) line += rest.length;
  }
}

function problemOf(state: State, cells: readonly string[], width: number, again: boolean): string {
  if (state === "open" || again) return "opens a quote that is not closed";
  if (state === "stray") return "has a quote in the wrong place";
  return `has ${cells.length} columns, and the header has ${width}`;
}

/** Tells the delimiter by the header; a comma where there is only one column. */
function likelyDelimiter(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  const counts = [",", ";", "\t", "|"].map((mark) => ({ mark, count: bare.split(mark).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).mark;
}

type State = "open" | "done" | "stray";

/** Takes a record apart, line by line, in one pass whatever its quotes. */
class RecordParser {
  readonly cells: string[] = [];
  readonly #delimiter: string;
  #cell = "";
  #open = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** `open`: the record goes on in the next line. `stray`: it is none. */
  feed(line: string): State {
    let at = 0;
    if (this.#open) this.#cell += "\n";
    else if (!line.includes('"')) {
      for (const cell of withoutReturn(line).split(this.#delimiter)) this.cells.push(cell);
      return "done";
    }
    for (;;) {
      if (this.#open) {
        const end = line.indexOf('"', at);
        if (end < 0) {
          this.#cell += line.slice(at);
          return "open";
        }
        this.#cell += line.slice(at, end);
        at = end + 1;
        if (line[at] === '"') {
          this.#cell += '"';
          at += 1;
          continue;
        }
        this.cells.push(this.#cell);
        this.#cell = "";
        this.#open = false;
        if (at === line.length || line.slice(at) === "\r") return "done";
        if (line[at] !== this.#delimiter) return "stray";
        at += 1;
      }
      if (line[at] === '"') {
        this.#open = true;
        at += 1;
        continue;
      }
      const end = line.indexOf(this.#delimiter, at);
      const cell = end < 0 ? withoutReturn(line.slice(at)) : line.slice(at, end);
      if (cell.includes('"')) return "stray";
      this.cells.push(cell);
      if (end < 0) return "done";
      at = end + 1;
    }
  }
}

const withoutReturn = (line: string): string => (line.endsWith("\r") ? line.slice(0, -1) : line);

/** Lines without their line feed. @throws row-too-large */
export async function* readLines(
  text: AsyncIterable<string> | Iterable<string>,
  limit: number,
): AsyncGenerator<string, undefined> {
  let rest: string[] = [];
  let length = 0;
  let line = 1;
  for await (const chunk of text) {
    let start = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", start)) {
      if (length + end - start > limit) throw RowTooLarge({ line, limit });
      rest.push(chunk.slice(start, end));
      yield rest.length === 1 ? (rest[0] as string) : rest.join("");
      rest = [];
      length = 0;
      line += 1;
      start = end + 1;
    }
    if (start === chunk.length) continue;
    rest.push(start === 0 ? chunk : chunk.slice(start));
    length += chunk.length - start;
    if (length > limit) throw RowTooLarge({ line, limit });
  }
  if (rest.length > 0) yield rest.join("");
  return undefined;
}
