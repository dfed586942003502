import { UnknownField } from "../errors/core-errors.js";
import type { Pending } from "../import/settle.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { decodeText } from "./decode-text.js";
import { InvalidImport } from "./errors.js";
import type { ImportOptions } from "./import-options.js";
import { type ImportPlan, planImport } from "./import-plan.js";
import { type CellRules, readCells } from "./read-cells.js";
import { MAX_RECORD, readCsv } from "./read-csv.js";
import { readNdjson } from "./read-ndjson.js";

/** A record of the file: what it would write or why it cannot, and its cells as they came. */
export type SourceRow = Pending<RecordValues> & { readonly cells: readonly string[] };

/** A file that is being read: its columns are known, its records follow. */
export interface Source {
  readonly header: readonly string[];
  readonly rows: AsyncGenerator<SourceRow>;
}

/**
 * Opens a file of records of the entity. What is wrong with it as a whole is told before the first record.
 *
 * @throws invalid-import, row-too-large, unknown-field
 */
export async function openSource(
  entity: EntityModel,
  bytes: AsyncIterable<Uint8Array>,
  options: ImportOptions,
  currency: string,
): Promise<Source> {
  const text = decodeText(bytes, options.encoding);
  const clears = options.empty === "clear" && (options.mode ?? "create") !== "create";
  const rules: CellRules = { empty: clears ? null : undefined, currency };
  return options.format === "csv" ? openCsv(entity, text, options, rules) : openNdjson(entity, text, options);
}

async function openCsv(
  entity: EntityModel,
  text: AsyncGenerator<string>,
  options: ImportOptions,
  rules: CellRules,
): Promise<Source> {
  const records = readCsv(text, { delimiter: options.delimiter });
  const first = await records.next();
  if (first.done) throw InvalidImport({ reason: "The file is empty: its first line names the columns." });
  if ("problem" in first.value) throw InvalidImport({ reason: `The header ${first.value.problem}.` });
  const header = first.value.cells.map((name) => name.trim());
  const plan = planImport(entity, header, options);
  async function* rows(): AsyncGenerator<SourceRow> {
    for await (const record of records) {
      const { line: row, cells } = record;
      if ("problem" in record) yield refused(row, cells, null, record.problem);
      else {
        const read = readCells(plan, cells, rules);
        yield "input" in read
          ? { row, cells, input: read.input }
          : refused(row, cells, read.field, read.reason);
      }
    }
  }
  return { header, rows: rows() };
}

/** Objects have their own names, so each is looked at for itself; the first one must do for the file. */
async function openNdjson(
  entity: EntityModel,
  text: AsyncGenerator<string>,
  options: ImportOptions,
): Promise<Source> {
  const records = readNdjson(text, MAX_RECORD);
  const plans = new Map<string, ImportPlan>();
  const planOf = (names: readonly string[]): ImportPlan => {
    const key = names.join("\u0000");
    const known = plans.get(key);
    if (known) return known;
    // An object may leave out what the mapping names.
    const mapping = Object.fromEntries(
      Object.entries(options.mapping ?? {}).filter(([name]) => names.includes(name)),
    );
    const plan = planImport(entity, names, { ...options, mapping });
    if (plans.size < 1000) plans.set(key, plan);
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
  return { header: ["record"], rows: rows() };
}

function jsonRow(
  row: number,
  values: Readonly<Record<string, unknown>>,
  planOf: (names: readonly string[]) => ImportPlan,
): Pending<RecordValues> {
  const names = Object.keys(values);
  try {
    const input: RecordValues = {};
    planOf(names).forEach((column, i) => {
      if (column?.part === "currency")
        throw InvalidImport({ reason: `${column.name}: money is {"amount", "currency"} here` });
      if (column) input[column.field.name] = values[names[i] as string];
    });
    return { row, input };
  } catch (error) {
    if (!UnknownField.is(error) && !InvalidImport.is(error)) throw error;
    return { row, rejection: { row, field: null, reason: (error as Error).message } };
  }
}

function refused(row: number, cells: readonly string[], field: string | null, reason: string): SourceRow {
  return { row, cells, rejection: { row, field, reason } };
}
