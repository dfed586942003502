import type { EntityModel } from "../model/entity-model.js";
import { type CardFormat, ICS_COLUMNS, VCARD_COLUMNS } from "../plugin/card-formats.js";
import type { Session } from "../runtime/session.js";
import { cardFormatOf, importedColumns } from "./card-format.js";
import { decodeText } from "./decode-text.js";
import { InvalidImport } from "./errors.js";
import type { ImportOptions } from "./import-options.js";
import { type CsvRecord, readCsv } from "./read-csv.js";
import { readIcs } from "./read-ics.js";
import { readVcard } from "./read-vcard.js";
import { readXlsx } from "./read-xlsx.js";

/** The records of a file as rows of text. */
export interface Table {
  /** The first one is the header. */
  readonly records: AsyncGenerator<CsvRecord>;
  /** Fields of the columns of cards: a `mapping` changes what it names. */
  readonly columns?: Readonly<Record<string, string | null>>;
}

/** Opens a file of rows and columns, or of cards. @throws invalid-import where the entity has no such cards */
export function readTable(
  session: Session,
  entity: EntityModel,
  bytes: AsyncIterable<Uint8Array>,
  options: Pick<ImportOptions, "format" | "delimiter" | "encoding" | "sheet">,
): Table {
  const { format, encoding, delimiter, sheet } = options;
  if (format === "xlsx") return { records: readXlsx(bytes, { sheet }) };
  const text = decodeText(bytes, encoding);
  if (format === "vcard") {
    const { columns } = cardsOf(session, entity, format);
    return { records: readVcard(text), columns: importedColumns(VCARD_COLUMNS, columns, entity, session) };
  }
  if (format === "ics") {
    const { columns, todo, event } = cardsOf(session, entity, format);
    const known = kindsOf(entity, columns.KIND);
    return {
      records: readIcs(text, { todo, event, known }),
      columns: importedColumns(ICS_COLUMNS, columns, entity, session),
    };
  }
  return { records: readCsv(text, { delimiter }) };
}

function cardsOf<F extends CardFormat["format"]>(session: Session, entity: EntityModel, format: F) {
  const cards = cardFormatOf(session, entity, format);
  if (cards) return cards;
  throw InvalidImport({
    reason: `No ${entity.name} is made from a file of the format "${format}": bring CSV, NDJSON or a workbook.`,
  });
}

/** The words of a list that a field takes. */
function kindsOf({ full }: EntityModel, name: string): readonly string[] {
  const schema = full.fields.get(name)?.schema as { readonly enum?: readonly string[] } | undefined;
  return schema?.enum ?? [];
}
