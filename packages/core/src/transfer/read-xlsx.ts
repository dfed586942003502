import type { Readable } from "node:stream";
import type { Entry, ZipFile } from "yauzl";
import { InvalidImport, WorkbookTooLarge, XlsxUnreadable } from "./errors.js";
import type { CsvRecord } from "./read-csv.js";
import { spooled } from "./spool.js";
import { dateStyles, partOf, sharedTexts, workbookOf } from "./xlsx-parts.js";
import { sheetRows } from "./xlsx-sheet.js";

/** Bytes of the unpacked parts that are held in memory: texts that cells share, styles, names of sheets. */
const MAX_HELD = 32 * 1024 * 1024;
/** How many times larger than its file a workbook may be. Sheets of real programs are 5 to 30 times. */
const MAX_RATIO = 200;
/** Below this, a ratio says nothing. */
const RATIO_FROM = 64 * 1024 * 1024;

/**
 * Reads the first sheet of a workbook, or one by name, as records of text: days and moments as RFC 3339 has them. The file
 * is put on disk, since a workbook has its parts in any order; memory holds a piece of the sheet, and the texts that its
 * cells share.
 *
 * @throws invalid-import, workbook-too-large
 */
export async function* readXlsx(
  bytes: AsyncIterable<Uint8Array>,
  options: { readonly sheet?: string | undefined; readonly maxCells?: number } = {},
): AsyncGenerator<CsvRecord> {
  const yauzl = await library();
  const file = await spooled(bytes);
  try {
    const zip = await yauzl.openPromise(file.path, { autoClose: false }).catch((cause: unknown) => {
      throw InvalidImport(
        { reason: "The file is no workbook (XLSX): save it as one, or as CSV." },
        { cause },
      );
    });
    try {
      yield* rowsOf(zip, file.size, options);
    } finally {
      zip.close();
    }
  } finally {
    await file.drop();
  }
}

async function* rowsOf(
  zip: ZipFile,
  size: number,
  { sheet, maxCells = 1_000 }: { readonly sheet?: string | undefined; readonly maxCells?: number },
): AsyncGenerator<CsvRecord> {
  const entries = await entriesOf(zip);
  const held = async (path: string): Promise<Readable | undefined> => {
    const entry = entries.get(path);
    if (!entry) return undefined;
    if (entry.uncompressedSize > MAX_HELD) throw WorkbookTooLarge({ part: path, limit: MAX_HELD });
    return zip.openReadStreamPromise(entry);
  };
  const book = await workbookOf(held);
  const found = sheet === undefined ? book.sheets[0] : book.sheets.find(({ name }) => name === sheet);
  const entry = found ? entries.get(found.path) : undefined;
  if (!found || !entry) {
    const known = book.sheets.map(({ name }) => `"${name}"`).join(", ") || "none";
    throw InvalidImport({ reason: `The workbook has no sheet "${sheet ?? ""}". It has ${known}.` });
  }
  if (entry.uncompressedSize > Math.max(RATIO_FROM, size * MAX_RATIO))
    throw WorkbookTooLarge({ part: found.path, limit: size * MAX_RATIO });
  const texts = await sharedTexts(await held(partOf(entries.keys(), "sharedStrings")));
  const dates = await dateStyles(await held(partOf(entries.keys(), "styles")));
  const stream = await zip.openReadStreamPromise(entry);
  try {
    yield* sheetRows(stream, { texts, dates, is1904: book.is1904, maxCells });
  } finally {
    stream.destroy();
  }
}

/** Parts of a workbook: more are none. */
const MAX_ENTRIES = 10_000;

async function entriesOf(zip: ZipFile): Promise<Map<string, Entry>> {
  if (zip.entryCount > MAX_ENTRIES) throw WorkbookTooLarge({ part: "list of parts", limit: MAX_ENTRIES });
  const entries = new Map<string, Entry>();
  try {
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
  } catch (cause) {
    throw InvalidImport(
      { reason: "The workbook (XLSX) is broken: its list of parts cannot be read." },
      { cause },
    );
  }
  return entries;
}

async function library(): Promise<typeof import("yauzl")> {
  try {
    const [yauzl] = await Promise.all([import("yauzl"), import("saxes")]);
    return (yauzl as { default?: typeof import("yauzl") }).default ?? yauzl;
  } catch (cause) {
    throw XlsxUnreadable({}, { cause });
  }
}
