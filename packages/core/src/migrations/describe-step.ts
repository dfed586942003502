import type { SchemaStep } from "../storage/physical-schema.js";

/** A step in words: `add lead.score`. */
export function describeStep(step: SchemaStep): string {
  switch (step.kind) {
    case "createTable":
      return `create ${step.table.name}`;
    case "dropTable":
      return `drop ${step.table}`;
    case "addColumn":
      return `add ${step.table}.${step.column.name}`;
    case "widenColumn":
      return `widen ${step.table}.${step.column.name}`;
    case "setReference":
      return `change the reference of ${step.table}.${step.column.name}`;
    case "secureTable":
      return `secure the rows of ${step.table} by ${step.column}`;
    case "dropColumn":
      return `drop ${step.table}.${step.column}`;
    case "createIndex":
      return `index ${step.table} by ${step.index.columns.join(", ")}`;
    case "dropIndex":
      return `drop the index ${step.index}`;
  }
}
