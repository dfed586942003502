import type { Readable } from "node:stream";
import { InvalidImport } from "./errors.js";
import type { CsvRecord } from "./read-csv.js";
import { elements } from "./xlsx-xml.js";

export interface SheetFacts {
  readonly texts: readonly string[];
  /** Styles that show days or times, by number. */
  readonly dates: readonly boolean[];
  readonly is1904: boolean;
  /** Most cells of a record. */
  readonly maxCells: number;
}

/** The rows of a sheet; empty ones are left out. The first one gives all others their number of cells. */
export async function* sheetRows(part: Readable, facts: SheetFacts): AsyncGenerator<CsvRecord> {
  let line = 0;
  let width = 0;
  let cells: string[] = [];
  let cell = { column: -1, type: "", style: -1, value: "", text: "" };
  for await (const { name, attributes, isEnd, text, path } of elements(part, ["row", "c", "v", "t"])) {
    if (name === "row" && !isEnd) {
      line = attributes["r"] === undefined ? line + 1 : Number(attributes["r"]);
      cells = [];
      cell = { ...cell, column: -1 };
    } else if (name === "c" && !isEnd) {
      const column = attributes["r"] === undefined ? cell.column + 1 : columnOf(attributes["r"]);
      if (column >= facts.maxCells || column < 0)
        throw InvalidImport({ reason: `Line ${line} has more than ${facts.maxCells} columns.` });
      const style = attributes["s"] === undefined ? -1 : Number(attributes["s"]);
      cell = { column, type: attributes["t"] ?? "n", style, value: "", text: "" };
    } else if (name === "v" && isEnd) cell.value += text;
    else if (name === "t" && isEnd && !path.includes("rPh")) cell.text += text;
    else if (name === "c") {
      while (cells.length < cell.column) cells.push("");
      cells[cell.column] = textOfCell(cell, facts);
    } else if (name === "row") {
      const last = cells.findLastIndex((value) => value !== "");
      if (last < 0) continue;
      width ||= last + 1;
      const record = {
        line,
        cells: Array.from({ length: Math.max(width, last + 1) }, (_, i) => cells[i] ?? ""),
      };
      if (record.cells.length === width) yield record;
      else yield { ...record, problem: `has ${record.cells.length} columns, and the header has ${width}` };
    }
  }
}

/** `AB12` is the 28th column, number 27. */
function columnOf(place: string): number {
  let column = 0;
  for (const letter of place.replace(/[^A-Z]/g, "")) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

function textOfCell(
  { type, style, value, text }: { type: string; style: number; value: string; text: string },
  { texts, dates, is1904 }: SheetFacts,
): string {
  switch (type) {
    case "s":
      return texts[Number(value)] ?? "";
    case "inlineStr":
      return unescaped(text);
    case "str":
      return unescaped(value);
    case "b":
      return value === "1" ? "true" : "false";
    // An error such as #REF! is no value.
    case "e":
      return "";
    case "d":
      return value;
    default:
      return value !== "" && dates[style] ? dayOf(Number(value), is1904) : plain(value);
  }
}

/** Sheets keep 0.1 + 0.2 as 0.30000000000000004: what people see has 15 digits. */
function plain(value: string): string {
  const number = Number(value);
  if (value === "" || !Number.isFinite(number)) return value;
  return Number.isInteger(number) ? String(number) : String(Number(number.toPrecision(15)));
}

const DAY_MS = 86_400_000;
/** Day 0 of Excel, which takes 1900 for a leap year; and of old Macs. */
const EPOCHS = { from1900: Date.UTC(1899, 11, 30), from1904: Date.UTC(1904, 0, 1) };

/** A day number as `2026-03-01`, with a fraction as a moment in UTC, and without a day as a time. */
function dayOf(serial: number, is1904: boolean): string {
  if (!Number.isFinite(serial)) return "";
  const shifted = !is1904 && serial < 60 ? serial + 1 : serial;
  const ms = Math.round((shifted * DAY_MS) / 1000) * 1000;
  const at = new Date((is1904 ? EPOCHS.from1904 : EPOCHS.from1900) + ms);
  if (Number.isNaN(at.getTime())) return "";
  const text = at.toISOString();
  if (serial >= 0 && serial < 1 && serial !== 0) return text.slice(11, 19);
  return ms % DAY_MS === 0 ? text.slice(0, 10) : text;
}

/** `_x000D_` stands for a character that XML does not hold. */
const unescaped = (text: string): string =>
  text.replace(/_x([0-9A-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
