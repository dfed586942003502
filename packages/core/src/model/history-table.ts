import type { PhysicalColumn, PhysicalTable } from "../storage/physical-schema.js";
import type { EntityModel } from "./entity-model.js";
import type { FieldModel } from "./field-model.js";
import { indexName } from "./physical-table.js";
import { TENANT_COLUMN } from "./system-fields.js";

/** First instant at which a state held. */
export const VALID_FROM = "valid_from";
/** First instant at which it held no more. */
export const VALID_TO = "valid_to";
/** `valid_to` of a state that still holds: one comparison instead of two. */
export const STILL_VALID = "9999-12-31T23:59:59.999Z";
/** What finds one state. */
export const STATE_KEY: readonly string[] = [TENANT_COLUMN, "id", "version"];

/** Two underscores, which no table of an entity has within. */
export const HISTORY_SUFFIX = "__history";

/**
 * The validity table of a temporal entity: the columns of its records under their own names, so that every condition on
 * records is one on states, and from when to when each state held. A record that is gone for good takes its states along.
 */
export function historyTable(table: PhysicalTable, fields: readonly FieldModel[]): PhysicalTable {
  const name = `${table.name}${HISTORY_SUFFIX}`;
  // Past values of these may be taken away while the state stays.
  const emptied = new Set(
    fields
      .filter((field) => field.encrypted !== null || field.sensitivity === "secret")
      .flatMap((field) => field.columns.map((column) => column.name)),
  );
  const columns = table.columns.map((column): PhysicalColumn => {
    const { references: _, ...plain } = column;
    if (column.name === "id")
      return { ...plain, references: { table: table.name, column: "id", onDelete: "cascade" } };
    // A state may name what is gone by now.
    return emptied.has(column.name) ? { ...plain, nullable: true } : plain;
  });
  columns.push(
    { name: VALID_FROM, type: "instant", nullable: false },
    { name: VALID_TO, type: "instant", nullable: false },
  );
  const own = [["id"], [TENANT_COLUMN, VALID_TO, VALID_FROM]];
  const byId = [TENANT_COLUMN, "id"].join();
  const same = table.indexes.map((index) => [...index.columns]).filter((names) => names.join() !== byId);
  const indexes = [...own, ...same].map((names) => ({
    name: indexName("ix", name, names),
    columns: names,
    unique: false,
  }));
  const distinct = new Map(indexes.map((index) => [index.name, index]));
  return { name, columns, primaryKey: STATE_KEY, indexes: [...distinct.values()], tenant: TENANT_COLUMN };
}

/** A secret that was replaced is not kept for later: states leave these empty. */
export function secretColumns(entity: Pick<EntityModel, "fieldList">): string[] {
  return entity.fieldList
    .filter((field) => field.sensitivity === "secret")
    .flatMap((field) => field.columns.map((column) => column.name));
}
