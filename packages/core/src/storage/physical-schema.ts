/**
 * What a column holds, independent of the engine. In rows that cross the adapter's border:
 *
 * | type    | value in JavaScript                                        |
 * | ------- | ---------------------------------------------------------- |
 * | id      | string, UUID in lower case                                 |
 * | string  | string of at most `length` (default 255) characters        |
 * | text    | string without a length limit                              |
 * | integer | number, a safe integer (64 bits in the database)           |
 * | float   | number                                                     |
 * | boolean | boolean                                                    |
 * | date    | string `YYYY-MM-DD`                                        |
 * | instant | string `YYYY-MM-DDTHH:MM:SS.sssZ`, always UTC              |
 * | json    | any JSON value                                             |
 *
 * Text compares, sorts and is unique by code point, on every engine: case matters, trailing blanks matter.
 */
export type ColumnType =
  | "id"
  | "string"
  | "text"
  | "integer"
  | "float"
  | "boolean"
  | "date"
  | "instant"
  | "json";

export interface PhysicalColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** Characters, for `string` only. */
  readonly length?: number;
  /** Filled into existing rows when the column is added; core always writes values itself. */
  readonly default?: string | number | boolean;
  readonly references?: {
    readonly table: string;
    readonly column: string;
    readonly onDelete: "restrict" | "cascade" | "set null";
  };
}

export interface PhysicalIndex {
  readonly name: string;
  readonly columns: readonly string[];
  /** NULLs are distinct from one another, on every engine. */
  readonly unique: boolean;
}

export interface PhysicalTable {
  readonly name: string;
  readonly columns: readonly PhysicalColumn[];
  readonly primaryKey: readonly string[];
  readonly indexes: readonly PhysicalIndex[];
  /**
   * The column (a string) that says which tenant a row belongs to: no statement reaches such rows without saying
   * whose it wants.
   * `inspect` sets it where the database itself holds statements to that (`secureTable`).
   */
  readonly tenant?: string;
  /** Set by `inspect`: no row is in it, so that a required column can be added without a default. */
  readonly empty?: boolean;
}

export interface PhysicalSchema {
  readonly tables: readonly PhysicalTable[];
}

/** One difference between the database and the schema that is wanted. */
export type SchemaStep =
  | { readonly kind: "createTable"; readonly table: PhysicalTable }
  | { readonly kind: "addColumn"; readonly table: string; readonly column: PhysicalColumn }
  | { readonly kind: "createIndex"; readonly table: string; readonly index: PhysicalIndex }
  | { readonly kind: "dropIndex"; readonly table: string; readonly index: string }
  /** Loosening only: NOT NULL becomes NULL, a string becomes longer, string becomes text. */
  | { readonly kind: "widenColumn"; readonly table: string; readonly column: PhysicalColumn }
  /** The column refers to what it did not refer to, or no more, or otherwise `onDelete`. */
  | { readonly kind: "setReference"; readonly table: string; readonly column: PhysicalColumn }
  /** From now on the database itself shows only rows of the tenant that a transaction names: row-level security. */
  | { readonly kind: "secureTable"; readonly table: string; readonly column: string }
  | { readonly kind: "dropColumn"; readonly table: string; readonly column: string }
  | { readonly kind: "dropTable"; readonly table: string };

/** A difference that cannot be applied without losing or refusing data. */
export interface SchemaConflict {
  readonly table: string;
  readonly column?: string;
  /** A sentence without final full stop: `column "score" changes from float to boolean`. */
  readonly reason: string;
}

export interface SchemaPlan {
  /** In the order in which they are applied. Empty when the database already is as wanted. */
  readonly steps: readonly SchemaStep[];
  readonly conflicts: readonly SchemaConflict[];
  /**
   * Tables and columns of the database that the wanted schema does not name. They are left alone: whoever
   * asked for the plan decides what they mean (a plugin that is switched off, or a field that was removed).
   */
  readonly unknown: readonly { readonly table: string; readonly column?: string }[];
}
