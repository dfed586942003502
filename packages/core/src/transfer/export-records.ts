import type { Context } from "../context/context.js";
import type { Repository } from "../context/repository.js";
import { UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { MAX_LIMIT } from "../repository/read.js";
import type { Session } from "../runtime/session.js";
import { nearest } from "../util/words.js";
import { cardTexts } from "./card-chunks.js";
import { cellOf, tableColumns } from "./columns.js";
import { csvLine } from "./csv-write.js";
import { xlsxChunks } from "./xlsx-write.js";

export type ExportFormat = "csv" | "ndjson" | "xlsx" | "vcard" | "ics";

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Between the cells of CSV. Default a comma. */
  readonly delimiter?: string;
  /** Put a byte order mark in front of CSV, by which Excel knows UTF-8. Default false. */
  readonly bom?: boolean;
}

export interface ExportQuery {
  readonly where?: unknown;
  readonly search?: unknown;
  readonly orderBy?: readonly string[] | undefined;
  /** Default: all fields that the actor may see. */
  readonly select?: readonly string[] | undefined;
  /** As in `find`. */
  readonly asOf?: unknown;
}

/** Characters after which a chunk is handed on. */
const CHUNK = 65_536;
/** Records of one read where a single one may be a megabyte. */
const SMALL_PAGE = 50;

/**
 * The records of a query as a file, chunk by chunk: memory holds one page, however many there are. What the actor may
 * not see is not in it, and secret fields never are.
 *
 * Cards (`vcard`, `ics`) are for the entities that plugins say are people, or have a place in a calendar.
 *
 * @throws unknown-field, invalid-query, forbidden, xlsx-not-installed: all before the first chunk
 */
export function exportRecords(
  ctx: Context,
  entity: { readonly name: string },
  query: ExportQuery,
  options: ExportOptions & { readonly format: "csv" | "ndjson" | "vcard" | "ics" },
): AsyncGenerator<string>;
/** As a workbook, the chunks are bytes. It needs the package `hucre`. */
export function exportRecords(
  ctx: Context,
  entity: { readonly name: string },
  query: ExportQuery,
  options: ExportOptions,
): AsyncGenerator<string | Uint8Array>;
export async function* exportRecords(
  ctx: Context,
  entity: { readonly name: string },
  query: ExportQuery,
  options: ExportOptions,
): AsyncGenerator<string | Uint8Array> {
  const session = ctx as Session;
  session.require(session.entity(entity.name), "export");
  if (options.format === "vcard" || options.format === "ics") {
    yield* chunked(cardTexts(session, session.entity(entity.name), query, options.format));
    return;
  }
  const fields = exported(session.entity(entity.name), query.select);
  const large = fields.some((field) => field.kind === "text" || field.kind === "json");
  const repository = session.repoOf(entity.name) as Repository<RecordValues, RecordValues>;
  const records = repository.stream({
    ...query,
    select: fields.map((field) => field.name),
    limit: large ? SMALL_PAGE : MAX_LIMIT,
  } as never);
  if (options.format === "xlsx") {
    yield* xlsxChunks(tableColumns(fields), records);
    return;
  }
  const { head, row } = options.format === "ndjson" ? ndjson : csv(fields, options);
  async function* texts(): AsyncGenerator<string> {
    yield head;
    for await (const record of records) yield row(record);
  }
  yield* chunked(texts());
}

async function* chunked(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let chunk = "";
  for await (const text of texts) {
    chunk += text;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

interface Format {
  readonly head: string;
  readonly row: (record: RecordValues) => string;
}

const ndjson: Format = { head: "", row: (record) => `${JSON.stringify(record)}\n` };

function csv(fields: readonly FieldModel[], { delimiter = ",", bom = false }: ExportOptions): Format {
  const columns = tableColumns(fields);
  const header = csvLine(
    columns.map((column) => column.name),
    delimiter,
  );
  return {
    head: bom ? `\uFEFF${header}` : header,
    row: (record) =>
      csvLine(
        columns.map((column) => cellOf(column, record)),
        delimiter,
      ),
  };
}

/** Whoever asks: what is secret leaves the house in no file. */
function exported(entity: EntityModel, select: readonly string[] | undefined): FieldModel[] {
  const open = entity.fieldList.filter((field) => field.sensitivity !== "secret");
  if (select === undefined) return open;
  const byName = new Map(open.map((field) => [field.name, field]));
  return [...new Set(select)].map((name) => {
    const field = byName.get(name);
    if (!field)
      throw UnknownField({ entity: entity.name, field: name, nearest: nearest(name, byName.keys()) });
    return field;
  });
}
