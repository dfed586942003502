import type { Cell } from "./columns.js";

/** What may stand between cells. */
export const DELIMITERS = [",", ";", "|", "\t"];

/** One record as RFC 4180 has it, with its line end. */
export function csvLine(cells: readonly Cell[], delimiter: string): string {
  const texts = cells.map((cell) => quoted(cell === null ? "" : String(cell), delimiter));
  // A line with nothing on it is no record to most readers.
  const line = texts.length === 1 && texts[0] === "" ? '""' : texts.join(delimiter);
  return `${line}\r\n`;
}

const SPECIAL = /["\r\n]/;

function quoted(text: string, delimiter: string): string {
  return SPECIAL.test(text) || text.includes(delimiter) ? `"${text.replaceAll('"', '""')}"` : text;
}
