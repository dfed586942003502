import { createWriteStream, type WriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { finished } from "node:stream/promises";

/** A row that was not imported, or (`kept`) was imported without one of its values. */
export interface RejectedRow {
  readonly file: string;
  /** Line of the file; the header is line 1. */
  readonly line: number;
  readonly column: string | null;
  readonly reason: string;
  readonly kept?: boolean;
}

const SHOWN = 20;

/** Collects what was refused: the first rows for the terminal, all of them in a file. */
export class RejectedRows {
  readonly first: RejectedRow[] = [];
  total = 0;
  readonly #path: string;
  #file: WriteStream | undefined;

  private constructor(path: string) {
    this.#path = path;
  }

  /** Starts an empty list; the file of an earlier run goes. */
  static async open(path: string): Promise<RejectedRows> {
    await mkdir(dirname(path), { recursive: true });
    await rm(path, { force: true });
    return new RejectedRows(path);
  }

  add(row: RejectedRow): void {
    this.total += 1;
    if (this.first.length < SHOWN) this.first.push(row);
    if (!this.#file) {
      this.#file = createWriteStream(this.#path);
      this.#file.write("file,line,column,reason\n");
    }
    this.#file.write(`${[row.file, row.line, row.column ?? "", row.reason].map(quoted).join(",")}\n`);
  }

  /** Where the list is, once it is written out; null where it is empty. */
  async close(): Promise<string | null> {
    if (!this.#file) return null;
    this.#file.end();
    await finished(this.#file);
    return this.#path;
  }
}

function quoted(value: string | number): string {
  return `"${String(value).replaceAll('"', '""')}"`;
}
