import type { Knex } from "knex";
import type { Bucket, Capabilities } from "../../adapter.js";
import type { PhysicalColumn } from "../../physical-schema.js";
import type { ColumnInfo, ValueType } from "../catalog.js";
import type { Decoder } from "../statement.js";

export type EngineName = "sqlite" | "postgres" | "mysql";

export type BucketKind = "date" | "instant";

/** How rows of a bulk insert reach the engine. */
export type BulkStyle =
  /** One prepared statement, run for each row: SQLite has no round trips. */
  | "rows"
  /** One array for each column. */
  | "arrays"
  /** Many rows of placeholders. */
  | "values";

export type Failure =
  | { readonly kind: "unique"; readonly index?: string; readonly columns?: readonly string[] }
  | { readonly kind: "reference"; readonly constraint?: string }
  | { readonly kind: "conflict" | "unavailable" | "full"; readonly reason: string };

export interface BoundList {
  /** One placeholder for each value, or the whole list in one. */
  readonly kind: "each" | "whole";
  readonly values: readonly unknown[];
}

/** A field of a row as JSON, by the SQL of its columns. */
export type JsonPart =
  | { readonly name: string; readonly sql: string; readonly type: ValueType }
  | { readonly name: string; readonly amount: string; readonly currency: string };

/** What differs between engines in the text of statements and the form of values. */
export interface Dialect {
  readonly engine: EngineName;
  /** Builds SQL text; not connected. */
  readonly knex: Knex;
  readonly capabilities: Capabilities;
  readonly bulk: BulkStyle;
  readonly rowValues: boolean;
  /** An id as text, where ids are a type of their own. */
  idAsText(sql: string): string;
  /** Whether the union in `column in (... union all ...)` has to be a table of its own to be made only once. */
  readonly derivesUnions: boolean;
  quote(name: string): string;
  /** Text as a literal, for DDL and for names that were checked. */
  text(value: string): string;
  placeholder(position: number): string;
  /** The form a driver wants; the value was checked before. */
  encode(type: ValueType, value: unknown): unknown;
  /** Back from the driver's form; undefined where it is already right. NULL is passed through. */
  decoder(type: ValueType): Decoder | undefined;
  /** The type in DDL. */
  columnType(column: PhysicalColumn): string;
  /** How a subquery reads the table that its statement changes. */
  whileChanging(table: string): string;
  orderBy(sql: string, direction: "asc" | "desc", nullable: boolean): string;
  /** JSON text of a row; see `JsonColumn`. Present where `capabilities.jsonRows`. */
  jsonRow?(fields: readonly JsonPart[]): string;
  /** The most rows of a statement, as a bound number. */
  limit(marker: string): string;
  /** A bound value in a comparison with an expression of this type. */
  parameter(marker: string, type: ValueType): string;
  /** A bound array of this type, for bulk inserts of style `arrays`. */
  array(marker: string, type: ValueType): string;
  /** What an upsert does with a row whose `on` columns are taken. */
  onConflict(on: readonly string[], update: readonly string[], primaryKey: readonly string[]): string;
  /** A list in bound form; its kind and the number of its values are part of the statement's shape. */
  bindList(type: ValueType, values: readonly unknown[]): BoundList;
  inList(column: ColumnInfo, markers: readonly string[], kind: BoundList["kind"]): string;
  contains(column: string, caseSensitive: boolean, how: "contains" | "starts" | "ends", text: string): string;
  /** The bound form of a match's text. */
  matchValue(text: string, caseSensitive: boolean, how: "contains" | "starts" | "ends"): string;
  /** The key of the bucket that an instant or a date falls into. */
  bucket(sql: string, kind: BucketKind, bucket: Bucket, timeZone: string): string;
  /** In a form that compares and sorts as a number. */
  sum(sql: string, type: ValueType, exact: boolean): string;
  /** The sum of integers as exact decimal text, where `sum` may fail for its size. */
  exactSum?(sql: string): string;
  avg(sql: string): string;
  extreme(fn: "min" | "max", sql: string, type: ValueType): string;
  /** What a driver's error means; undefined for one that means nothing to a caller. */
  classify(error: unknown, operation: string): Failure | undefined;
  /** How the outer query of an aggregate answers an expression of this type. */
  project(sql: string, type: ValueType): string;
}
