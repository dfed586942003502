import { UnknownField } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { decodeText } from "./decode-text.js";
import { InvalidImport } from "./errors.js";
import { clearsEmpty, type ImportOptions } from "./import-options.js";
import { type ImportPlan, linksOf, planImport } from "./import-plan.js";
import type { LinkColumn, LinkedRow } from "./link-columns.js";
import { type Points, pointsIn } from "./points.js";
import { type CellRules, readCells } from "./read-cells.js";
import { type CsvRecord, MAX_RECORD } from "./read-csv.js";
import { readNdjson } from "./read-ndjson.js";
import { readTable } from "./read-table.js";

/** A record of the file: what it would write or why it cannot, and its cells as they came. */
export type SourceRow = LinkedRow & {
  readonly cells: readonly string[];
  readonly points?: Points | undefined;
};

/** A file that is being read: its columns are known, its records follow. */
export interface Source {
  readonly header: readonly string[];
  readonly rows: AsyncGenerator<SourceRow>;
  /** The columns that name other records, as far as they are known by now. */
  links(): readonly LinkColumn[];
  /** Bytes of the file that have been read. */
  bytesRead(): number;
}

/**
 * Opens a file of records of the entity. What is wrong with it as a whole is told before the first record.
 *
 * @throws invalid-import, row-too-large, unknown-field
 */
export async function openSource(
  session: Session,
  entity: EntityModel,
  bytes: AsyncIterable<Uint8Array>,
  options: ImportOptions,
): Promise<Source> {
  let read = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      read += chunk.byteLength;
      yield chunk;
    }
  }
  const world: World = { entity, options, entityOf: (name) => session.entity(name) };
  const opened =
    options.format === "ndjson"
      ? await openNdjson(world, decodeText(counted(), options.encoding))
      : await openTable(...tableOf(session, world, counted()), session.currency);
  return { ...opened, bytesRead: () => read };
}

/** What a file is read against. */
interface World {
  readonly entity: EntityModel;
  readonly options: ImportOptions;
  readonly entityOf: (name: string) => EntityModel;
}

type Opened = Omit<Source, "bytesRead">;

/** What a file of rows and columns is read against, and its records: the first one is the header. */
function tableOf(
  session: Session,
  world: World,
  bytes: AsyncIterable<Uint8Array>,
): [World, AsyncGenerator<CsvRecord>] {
  const { options, entity } = world;
  const { records, columns } = readTable(session, entity, bytes, options);
  if (!columns) return [world, records];
  return [{ ...world, options: { ...options, mapping: { ...columns, ...options.mapping } } }, records];
}

async function openTable(
  world: World,
  records: AsyncGenerator<CsvRecord>,
  currency: string,
): Promise<Opened> {
  try {
    return await planned(world, records, currency);
  } catch (error) {
    // Whoever reads a workbook has it on disk meanwhile.
    await records.return(undefined);
    throw error;
  }
}

async function planned(
  { entity, options, entityOf }: World,
  records: AsyncGenerator<CsvRecord>,
  currency: string,
): Promise<Opened> {
  const rules: CellRules = { empty: clearsEmpty(options) ? null : undefined, currency };
  const first = await records.next();
  if (first.done) throw InvalidImport({ reason: "The file is empty: its first line names the columns." });
  if ("problem" in first.value) throw InvalidImport({ reason: `The header ${first.value.problem}.` });
  const header = first.value.cells.map((name) => name.trim());
  const plan = planImport(entity, header, options, entityOf);
  const links = linksOf(plan);
  async function* rows(): AsyncGenerator<SourceRow> {
    for await (const record of records) {
      const { line: row, cells } = record;
      if ("problem" in record) yield refused(row, cells, null, record.problem);
      else {
        const read = readCells(plan, cells, rules);
        yield "input" in read
          ? { row, cells, input: read.input, links: read.links, points: read.points }
          : refused(row, cells, read.field, read.reason);
      }
    }
  }
  return { header, rows: rows(), links: () => links };
}

/** Objects have their own names, so each is looked at for itself; the first one must do for the file. */
async function openNdjson(
  { entity, options, entityOf }: World,
  text: AsyncGenerator<string>,
): Promise<Opened> {
  const records = readNdjson(text, MAX_RECORD);
  if (options.transforms)
    throw InvalidImport({ reason: `"transforms" are for files of rows and columns: CSV and workbooks.` });
  const links = new Map<string, LinkColumn>();
  const plans = new Map<string, ImportPlan>();
  const planOf = (names: readonly string[]): ImportPlan => {
    const key = names.join("\u0000");
    const known = plans.get(key);
    if (known) return known;
    // An object may leave out what the mapping names.
    const mapping = Object.fromEntries(
      Object.entries(options.mapping ?? {}).filter(([name]) => names.includes(name)),
    );
    const { transforms: _, ...rest } = options;
    const plan = planImport(entity, names, { ...rest, mapping }, entityOf);
    if (plans.size < 1000) plans.set(key, plan);
    for (const link of linksOf(plan)) links.set(link.name, link);
    return plan;
  };
  const first = await records.next();
  if (first.done) throw InvalidImport({ reason: "The file is empty." });
  if ("values" in first.value) planOf(Object.keys(first.value.values));
  async function* rows(): AsyncGenerator<SourceRow> {
    for (let next = first; !next.done; next = await records.next()) {
      const { line: row, text: given } = next.value;
      if ("problem" in next.value) yield refused(row, [given], null, next.value.problem);
      else yield { cells: [given], ...jsonRow(row, next.value.values, planOf) };
    }
  }
  return { header: ["record"], rows: rows(), links: () => [...links.values()] };
}

function jsonRow(
  row: number,
  values: Readonly<Record<string, unknown>>,
  planOf: (names: readonly string[]) => ImportPlan,
): LinkedRow & { readonly points?: Points } {
  const names = Object.keys(values);
  try {
    const input: RecordValues = {};
    const links: Record<string, string> = {};
    const points: Record<string, readonly string[]> = {};
    planOf(names).forEach((column, i) => {
      const value = values[names[i] as string];
      if (column?.part === "currency")
        throw InvalidImport({ reason: `${column.name}: money is {"amount", "currency"} here` });
      if (column?.part === "link" && value !== null) links[column.name] = String(value);
      else if (column?.part === "points") points[column.kind] = pointsOf(column.name, value);
      else if (column) input[column.field.name] = value;
    });
    return { row, input, links, ...(Object.keys(points).length > 0 ? { points } : {}) };
  } catch (error) {
    if (!UnknownField.is(error) && !InvalidImport.is(error)) throw error;
    return { row, rejection: { row, field: null, reason: (error as Error).message } };
  }
}

/** @throws invalid-import */
function pointsOf(name: string, value: unknown): string[] {
  return [value].flat().flatMap((one) => {
    if (one === null || one === undefined) return [];
    if (typeof one === "string" || typeof one === "number") return pointsIn(String(one));
    throw InvalidImport({ reason: `${name}: is a text, or a list of texts` });
  });
}

function refused(row: number, cells: readonly string[], field: string | null, reason: string): SourceRow {
  return { row, cells, rejection: { row, field, reason } };
}
