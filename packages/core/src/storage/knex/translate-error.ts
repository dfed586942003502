import { isCormError } from "../../errors/corm-error.js";
import {
  ReferenceViolation,
  StorageFailure,
  StorageFull,
  StorageUnavailable,
  TransactionConflict,
  UniqueViolation,
} from "../../errors/storage-errors.js";
import type { PhysicalTable } from "../physical-schema.js";
import type { Catalog } from "./catalog.js";
import type { Dialect, Failure } from "./dialects/dialect.js";

/** What was being done when the error came. */
export interface Doing {
  readonly operation: string;
  readonly table: string;
}

export type Translate = (error: unknown, doing?: Doing) => Error;

/** The same mistake is the same error on every engine, with the driver's error as its cause. */
export function translator(dialect: Dialect, catalog: Catalog | undefined): Translate {
  return (error, doing = { operation: "work on", table: "database" }) => {
    // Values of a wrong type were refused before any SQL: those errors are already right.
    if (isCormError(error) || error instanceof TypeError || error instanceof RangeError) return error;
    const failure = dialect.classify(error, doing.operation);
    const options = { cause: error };
    switch (failure?.kind) {
      case "unique":
        return UniqueViolation({ table: doing.table, ...uniqueKey(failure, doing.table, catalog) }, options);
      case "reference":
        return ReferenceViolation(
          failure.constraint === undefined
            ? { table: doing.table }
            : { table: doing.table, constraint: failure.constraint },
          options,
        );
      case "conflict":
        return TransactionConflict({ reason: failure.reason }, options);
      case "unavailable":
        return StorageUnavailable({ reason: failure.reason }, options);
      case "full":
        return StorageFull({ reason: failure.reason }, options);
      default:
        return StorageFailure({ operation: doing.operation, table: doing.table }, options);
    }
  };
}

/** Engines tell the index or its columns; the schema knows the other. A primary key has no index name. */
function uniqueKey(
  failure: Extract<Failure, { kind: "unique" }>,
  tableName: string,
  catalog: Catalog | undefined,
): { index?: string; columns?: readonly string[] } {
  const table = catalog?.find(tableName)?.table;
  if (table === undefined) return {};
  const { columns = primaryKeyOf(failure.index, table) } = failure;
  const index = table.indexes.find((candidate) =>
    columns === undefined
      ? candidate.name === failure.index
      : candidate.unique && sameColumns(candidate.columns, columns),
  );
  if (index !== undefined) return { index: index.name, columns: index.columns };
  return columns === undefined ? {} : { columns };
}

function primaryKeyOf(index: string | undefined, table: PhysicalTable): readonly string[] | undefined {
  return index === "PRIMARY" || index === `${table.name}_pkey` ? table.primaryKey : undefined;
}

const sameColumns = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((column) => other.includes(column));
