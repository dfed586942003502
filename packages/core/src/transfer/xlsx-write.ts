import type { ColumnDef, XlsxStreamRow } from "hucre/xlsx";
import type { RecordValues } from "../model/record-codec.js";
import { type Cell, cellOf, type TableColumn } from "./columns.js";
import { XlsxNotInstalled } from "./errors.js";

/** Excel's limit of one cell, in UTF-16 units. */
const MAX_TEXT = 32_767;
/** Excel takes 1900 for a leap year: before March of it, its days are others. */
const FIRST_DAY = "1900-03-01";
/** Digits that a number of a sheet keeps. */
const EXACT_DIGITS = 15;
const NAME = "Export";

type SheetCell = Cell | Date;

/**
 * Records as a workbook, made while it is read: memory holds a page of records. Beyond 1,048,575 records it goes on in
 * further sheets, each with the header.
 *
 * @throws xlsx-not-installed
 */
export async function* xlsxChunks(
  columns: readonly TableColumn[],
  records: AsyncIterable<RecordValues>,
): AsyncGenerator<Uint8Array> {
  const { writeXlsxStream } = await library();
  const iterator = records[Symbol.asyncIterator]();
  // What is wrong with the query is told before the first byte.
  const first = await iterator.next();
  async function* rows(): AsyncGenerator<XlsxStreamRow> {
    try {
      for (let next = first; !next.done; next = await iterator.next())
        yield columns.map((column) => sheetCell(column, next.value as RecordValues));
    } finally {
      await iterator.return?.();
    }
  }
  const reader = writeXlsxStream(rows(), {
    name: NAME,
    columns: columns.map(columnOf),
    freezePane: { rows: 1 },
    zip64: false,
  }).getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}

async function library(): Promise<typeof import("hucre/xlsx")> {
  try {
    return await import("hucre/xlsx");
  } catch (cause) {
    throw XlsxNotInstalled({}, { cause });
  }
}

const FORMATS: Readonly<Record<string, string>> = { date: "yyyy-mm-dd", instant: "yyyy-mm-dd hh:mm:ss" };

function columnOf({ name, field }: TableColumn): ColumnDef {
  const numFmt = FORMATS[field.kind];
  return { header: name, ...(numFmt === undefined ? {} : { numFmt }) };
}

/** Days, moments and amounts as what a sheet can order and add, where it can hold them. */
function sheetCell(column: TableColumn, record: RecordValues): SheetCell {
  const cell = cellOf(column, record);
  if (typeof cell !== "string") return cell;
  const { kind } = column.field;
  if ((kind === "date" || kind === "instant") && cell >= FIRST_DAY) {
    const at = new Date(cell);
    // A masked value is text, whatever its field holds.
    if (!Number.isNaN(at.getTime())) return at;
  }
  if (column.part === "amount" && isExact(cell)) return Number(cell);
  return cell.length <= MAX_TEXT ? cell : cut(cell);
}

const isExact = (amount: string): boolean =>
  /^-?\d+(\.\d+)?$/.test(amount) && amount.replace(/\D/g, "").replace(/^0+/, "").length <= EXACT_DIGITS;

/** What does not fit says so, rather than be taken for the whole. */
function cut(text: string): string {
  const note = ` … (cut: ${text.length} characters)`;
  return `${text.slice(0, MAX_TEXT - note.length)}${note}`;
}
