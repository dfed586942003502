import type { Composition } from "../plugin/compose.js";
import type { StorageAdapter } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import type { PhysicalIndex, PhysicalSchema, PhysicalTable, SchemaStep } from "../storage/physical-schema.js";
import { snakeCase } from "../util/words.js";
import { fieldPlace, type Ledger, ownerIn, ownersOf, readLedger } from "./ledger.js";
import { META_TABLE, physicalSchema } from "./physical-schema.js";

export interface MigrationPlan {
  /** What would be done, in order. */
  readonly steps: readonly SchemaStep[];
  /** Why it would be refused, in sentences that name the plugins and the way out. */
  readonly problems: readonly string[];
  /** Tables and columns of plugins that are not in the list now: kept, untouched. */
  readonly dormant: readonly string[];
}

/** Compares the database with the composed plugins. Reads only. */
export async function planMigration(
  composition: Composition,
  storage: StorageAdapter,
  allowDataLoss: readonly string[] = [],
): Promise<MigrationPlan> {
  const current = await storage.schema.inspect();
  const known = current.tables.some((table) => table.name === META_TABLE.name);
  const ledger = known ? await readLedger(storage) : {};
  const wanted = physicalSchema(composition);
  const strangers = strangersIn(current, wanted, ledger);
  if (strangers.length > 0) return { steps: [], problems: strangers.map(strange(composition)), dormant: [] };
  const plan = storage.schema.plan(current, wanted);
  const duplicates = await brokenKeys(composition, storage, current, plan.steps);
  const judged = judge(composition, ledger, current, plan.unknown, new Set(allowDataLoss.map(placeOf)));
  const owners = { ...ledger, ...ownersOf(composition) };
  const conflicts = plan.conflicts.map(({ table, column, reason }) => {
    const place = column ? `${table}.${column}` : table;
    const owner = ownerIn(owners, place) ?? ownerIn(owners, table);
    return `${place}${owner ? ` (plugin "${owner}")` : ""}: ${reason}. Keep the old declaration, or add a new field and copy the values over.`;
  });
  return {
    steps: [...leftoverKeys(current, wanted), ...plan.steps, ...judged.steps],
    problems: [...conflicts, ...duplicates, ...judged.problems],
    dormant: judged.dormant,
  };
}

/** `lead.score` in code is `lead.score` in the database, `priceBook.listPrice` is `price_book.list_price`. */
const placeOf = (name: string): string => name.split(".").map(snakeCase).join(".");

/** Tables that bear an entity's name, but were made by somebody else: a shared database is normal. */
function strangersIn(current: PhysicalSchema, wanted: PhysicalSchema, ledger: Ledger): string[] {
  const present = new Set(current.tables.map((table) => table.name));
  return wanted.tables
    .map((table) => table.name)
    .filter((name) => !name.startsWith("corm_") && present.has(name) && ledger[name] === undefined);
}

const strange =
  (composition: Composition) =>
  (table: string): string =>
    `${table} (plugin "${ownersOf(composition)[table]}"): the database has a table "${table}" that Corm did not make. Use another database or schema for Corm, or rename that table.`;

/** What becomes of tables and columns that nobody declares any more. */
function judge(
  composition: Composition,
  ledger: Ledger,
  current: PhysicalSchema,
  unknown: readonly { readonly table: string; readonly column?: string }[],
  allowed: ReadonlySet<string>,
): MigrationPlan {
  const plugins = new Set(composition.plugins.map((plugin) => plugin.name));
  const retired = new Set(composition.plugins.flatMap((plugin) => (plugin.parts.retired ?? []).map(placeOf)));
  const steps: SchemaStep[] = [];
  const problems: string[] = [];
  const dormant: string[] = [];
  for (const { table, column } of unknown) {
    const place = column ? `${table}.${column}` : table;
    const owner = ownerIn(ledger, place);
    // What Corm never made is somebody else's.
    if (!owner) continue;
    const field = fieldPlace(ledger, place);
    if (retired.has(field) || retired.has(table)) {
      dormant.push(place);
      steps.push(...withoutDemand(current, table, column));
    } else if (!plugins.has(owner)) dormant.push(place);
    else if (allowed.has(field))
      steps.push(column ? { kind: "dropColumn", table, column } : { kind: "dropTable", table });
    else if (field === place) {
      problems.push(
        `${place} is in the database, but plugin "${owner}" no longer declares it. To keep its data, list "${place}" in the plugin's \`retired\`; to drop it, start once with createCrm({ allowDataLoss: ["${place}"] }).`,
      );
    }
  }
  return { steps, problems, dormant };
}

/** A required column that nobody fills any more would refuse every new record. */
function withoutDemand(current: PhysicalSchema, table: string, name: string | undefined): SchemaStep[] {
  const columns = current.tables.find((present) => present.name === table)?.columns ?? [];
  const column = columns.find((present) => present.name === name);
  return column && !column.nullable
    ? [{ kind: "widenColumn", table, column: { ...column, nullable: true } }]
    : [];
}

/** Unique indexes that Corm made and nobody declares any more: they would go on refusing records. */
function leftoverKeys(current: PhysicalSchema, wanted: PhysicalSchema): SchemaStep[] {
  const names = new Set(wanted.tables.flatMap((table) => table.indexes.map((index) => index.name)));
  const tables = new Set(wanted.tables.map((table) => table.name));
  return current.tables
    .filter((table) => tables.has(table.name))
    .flatMap((table) =>
      table.indexes
        .filter(({ name, unique }) => unique && name.startsWith(`uq_${table.name}__`) && !names.has(name))
        .map(({ name }): SchemaStep => ({ kind: "dropIndex", table: table.name, index: name })),
    );
}

/** New unique keys that records break already: told before anything is changed. */
async function brokenKeys(
  composition: Composition,
  storage: StorageAdapter,
  current: PhysicalSchema,
  steps: readonly SchemaStep[],
): Promise<string[]> {
  const problems: string[] = [];
  for (const step of steps) {
    if (step.kind !== "createIndex" || !step.index.unique) continue;
    const table = current.tables.find(({ name }) => name === step.table);
    if (!table || table.empty || !(await repeats(storage, table, step.index))) continue;
    const entity = [...composition.entities.values()].find((model) => model.table === table.name);
    const fields = [...(entity?.fields.values() ?? [])].filter(
      (field) => !field.system && step.index.columns.includes(field.column),
    );
    problems.push(
      `${table.name} (plugin "${entity?.owner}"): [${fields.map(({ name }) => name).join(", ")}] becomes unique, but some records have the same. Change or delete them first.`,
    );
  }
  return problems;
}

async function repeats(
  storage: StorageAdapter,
  table: PhysicalTable,
  index: PhysicalIndex,
): Promise<boolean> {
  const columns = index.columns.map((name) => table.columns.find((column) => column.name === name));
  // A column that is yet to be added is alike in all rows, which is NULL or its default: the index will tell.
  if (columns.some((column) => column === undefined)) return false;
  const rows = await storage.acrossTenants("look for records that a new unique key would refuse").aggregate({
    table: table.name,
    where: and(...index.columns.map((column): Filter => ({ op: "null", column, is: false }))),
    groupBy: index.columns.map((column) => ({ as: column, column })),
    measures: [{ as: "n", fn: "count" }],
    having: { op: "gt", column: "n", value: 1 },
    orderBy: [],
    limit: 1,
  });
  return rows.length > 0;
}
