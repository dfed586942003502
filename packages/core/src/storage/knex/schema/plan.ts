import type {
  PhysicalColumn,
  PhysicalIndex,
  PhysicalSchema,
  PhysicalTable,
  SchemaConflict,
  SchemaPlan,
  SchemaStep,
} from "../../physical-schema.js";

interface Draft {
  readonly tables: SchemaStep[];
  readonly columns: SchemaStep[];
  readonly drops: SchemaStep[];
  readonly indexes: SchemaStep[];
  readonly references: SchemaStep[];
  readonly security: SchemaStep[];
  readonly conflicts: SchemaConflict[];
  readonly unknown: { table: string; column?: string }[];
}

/**
 * What it takes to get from one schema to another, in an order in which it can be applied. `secures` where the
 * database is to guard the rows of tenants itself.
 */
export function plan(current: PhysicalSchema, wanted: PhysicalSchema, secures = false): SchemaPlan {
  const draft: Draft = {
    tables: [],
    columns: [],
    drops: [],
    indexes: [],
    references: [],
    security: [],
    conflicts: [],
    unknown: [],
  };
  const existing = new Map(current.tables.map((table) => [table.name, table]));
  for (const table of wanted.tables) {
    const present = existing.get(table.name);
    existing.delete(table.name);
    if (present === undefined) draft.tables.push({ kind: "createTable", table });
    else {
      compareTables(present, table, draft);
      compareSecurity(present, table, secures, draft);
    }
  }
  for (const name of existing.keys()) draft.unknown.push({ table: name });
  const { tables, drops, columns, indexes, references, security, conflicts, unknown } = draft;
  const steps = [...tables, ...drops, ...columns, ...indexes, ...references, ...security];
  return { steps, conflicts, unknown };
}

function compareSecurity(
  { tenant: secured }: PhysicalTable,
  { name: table, tenant: column }: PhysicalTable,
  secures: boolean,
  { security, conflicts }: Draft,
): void {
  if (secures && column !== undefined && secured !== column) {
    security.push({ kind: "secureTable", table, column });
  }
  // Taking the protection away is a decision of its own, and never that of a process that lacks an option.
  if (!secures && secured !== undefined) {
    const reason =
      "the database guards its rows by tenant, and would show none: open it with knexStorage({ rowLevelSecurity: true })";
    conflicts.push({ table, reason });
  }
}

function compareTables(present: PhysicalTable, wanted: PhysicalTable, draft: Draft): void {
  const columns = new Map(present.columns.map((column) => [column.name, column]));
  for (const column of wanted.columns) {
    const existing = columns.get(column.name);
    columns.delete(column.name);
    if (existing === undefined) addColumn(present, column, draft);
    else compareColumns(wanted.name, existing, column, draft);
  }
  for (const name of columns.keys()) draft.unknown.push({ table: wanted.name, column: name });
  if (present.primaryKey.join() !== wanted.primaryKey.join()) {
    const [from, to] = [present.primaryKey.join(", "), wanted.primaryKey.join(", ")];
    draft.conflicts.push({ table: wanted.name, reason: `the primary key changes from (${from}) to (${to})` });
  }
  compareIndexes(present, wanted, draft);
}

function addColumn(table: PhysicalTable, column: PhysicalColumn, draft: Draft): void {
  if (!column.nullable && column.default === undefined && table.empty !== true) {
    draft.conflicts.push({
      table: table.name,
      column: column.name,
      reason: `column "${column.name}" is required and has no default, but the table has rows`,
    });
  } else draft.columns.push({ kind: "addColumn", table: table.name, column });
}

function compareColumns(table: string, present: PhysicalColumn, wanted: PhysicalColumn, draft: Draft): void {
  const { name } = wanted;
  const reason = refusal(present, wanted);
  if (reason !== undefined) {
    draft.conflicts.push({ table, column: name, reason: `column "${name}" ${reason}` });
  } else if (lengthening(present, wanted) === "longer" || (!present.nullable && wanted.nullable)) {
    draft.columns.push({ kind: "widenColumn", table, column: wanted });
  }
  if (reason === undefined && reference(present) !== reference(wanted)) {
    draft.references.push({ kind: "setReference", table, column: wanted });
  }
}

/** Why a column cannot become what is wanted without losing or refusing data. */
function refusal(present: PhysicalColumn, wanted: PhysicalColumn): string | undefined {
  if (lengthening(present, wanted) === "conflict") {
    return `changes from ${typeName(present)} to ${typeName(wanted)}`;
  }
  const emptied = present.nullable && !wanted.nullable;
  return emptied ? "becomes required, and may be empty in some rows" : undefined;
}

function lengthening(present: PhysicalColumn, wanted: PhysicalColumn): "same" | "longer" | "conflict" {
  if (present.type === "string" && wanted.type === "string") {
    const [before, after] = [present.length ?? 255, wanted.length ?? 255];
    return before === after ? "same" : before < after ? "longer" : "conflict";
  }
  if (present.type === wanted.type) return "same";
  return present.type === "string" && wanted.type === "text" ? "longer" : "conflict";
}

function typeName({ type, length }: PhysicalColumn): string {
  return type === "string" ? `string of ${length ?? 255}` : type;
}

function reference({ references }: PhysicalColumn): string {
  return references === undefined
    ? "nothing"
    : `${references.table}.${references.column} (${references.onDelete})`;
}

function compareIndexes(present: PhysicalTable, wanted: PhysicalTable, draft: Draft): void {
  const existing = new Map(present.indexes.map((index) => [index.name, index]));
  for (const index of wanted.indexes) {
    const found = existing.get(index.name);
    if (found !== undefined && sameIndex(found, index)) continue;
    if (found !== undefined) draft.drops.push({ kind: "dropIndex", table: wanted.name, index: index.name });
    draft.indexes.push({ kind: "createIndex", table: wanted.name, index });
  }
}

const sameIndex = (one: PhysicalIndex, other: PhysicalIndex): boolean =>
  one.unique === other.unique && one.columns.join() === other.columns.join();
