import type { Context } from "../context/context.js";
import type { Session } from "../runtime/session.js";
import { InvalidImport } from "./errors.js";
import type { ImportOptions } from "./import-options.js";
import { readTable } from "./read-table.js";
import { type MappingSuggestion, suggestMapping } from "./suggest-mapping.js";

/** What a file looks like, before it is imported. */
export interface ImportPreview {
  readonly header: readonly string[];
  /** Which field each column may be. */
  readonly columns: readonly MappingSuggestion[];
  /** The first records, as they stand. */
  readonly rows: readonly (readonly string[])[];
}

const ROWS = 20;

/**
 * The columns of a file with the fields that they may be, and its first 20 records. Nothing is written, and no more of
 * the file is read than that.
 *
 * @throws invalid-import, row-too-large, workbook-too-large; forbidden
 */
export async function previewImport(
  ctx: Context,
  entity: { readonly name: string },
  bytes: AsyncIterable<Uint8Array>,
  options: Pick<ImportOptions, "format" | "delimiter" | "encoding" | "sheet">,
): Promise<ImportPreview> {
  const session = ctx as Session;
  const model = session.entity(entity.name);
  session.require(model, "import");
  if (options.format === "ndjson")
    throw InvalidImport({
      reason: "Lines of JSON name their fields themselves: there are no columns to map.",
    });
  const { records, columns } = readTable(session, model, bytes, options);
  try {
    const first = await records.next();
    if (first.done) throw InvalidImport({ reason: "The file is empty: its first line names the columns." });
    if ("problem" in first.value) throw InvalidImport({ reason: `The header ${first.value.problem}.` });
    const header = first.value.cells.map((name) => name.trim());
    const rows: (readonly string[])[] = [];
    for (let next = await records.next(); !next.done && rows.length < ROWS; next = await records.next())
      rows.push(next.value.cells);
    return { header, columns: suggestMapping(model, header, columns), rows };
  } finally {
    await records.return(undefined);
  }
}
