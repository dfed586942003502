import type { Abortable } from "../util/abortable.js";
import type { Filter, Scalar } from "./filter.js";
import type { PhysicalSchema, SchemaPlan, SchemaStep } from "./physical-schema.js";

/** A row by column name; see `ColumnType` for the values. */
export type StoredRow = Record<string, unknown>;

export interface Order {
  readonly column: string;
  readonly direction: "asc" | "desc";
}

/** A field of a row as JSON. Money is kept in two columns and shown as `{ amount, currency }`. */
export type JsonField =
  | { readonly name: string; readonly column: string }
  | { readonly name: string; readonly amount: string; readonly currency: string };

/** A whole row as one column of JSON text: what `JSON.stringify` makes of its fields in this order, to the byte. */
export interface JsonColumn {
  /** The name of the column in the answer. */
  readonly as: string;
  /** None of a float column. A frozen list may be taken for the same whenever it comes again. */
  readonly fields: readonly JsonField[];
}

/** A frozen one, with all that is in it never changing, may be taken for the same whenever it comes again. */
export interface FindSpec {
  readonly table: string;
  /** A frozen list may be taken for the same whenever it comes again. */
  readonly columns: readonly string[];
  /** Answered beside the columns, where the engine can: see `Capabilities.jsonRows`. */
  readonly json?: JsonColumn;
  readonly where: Filter;
  /** NULLs sort first ascending and last descending, on every engine. Core appends the id as tiebreaker. */
  readonly orderBy: readonly Order[];
  /** Values of the last row's order columns: rows strictly after it in `orderBy`. Same length as `orderBy`. */
  readonly after?: readonly Scalar[];
  readonly limit: number;
  /** Few rows satisfy `where`, thousands at most: see `Capabilities.plansBlindly`. */
  readonly few?: boolean;
  /**
   * Lock the rows until the transaction ends, where the engine has row locks. Inside transactions only. `update`
   * keeps out every other lock; `share` keeps out `update` alone, and sees what was committed while it waited. `skip`
   * locks as `update` does, and leaves out what others have locked instead of waiting for it.
   */
  readonly lock?: "update" | "share" | "skip";
}

export type Bucket = "hour" | "day" | "week" | "month" | "quarter" | "year";

/** Keys: `2017-03-01T14`, `2017-03-01`, `2017-W09` (ISO 8601), `2017-03`, `2017-Q1`, `2017`. */
export interface Group {
  readonly as: string;
  readonly column: string;
  readonly bucket?: Bucket;
  /** IANA zone for instants, default UTC. Dates have none. */
  readonly timeZone?: string;
}

export interface Measure {
  readonly as: string;
  readonly fn: "count" | "countDistinct" | "sum" | "avg" | "min" | "max";
  /** Absent for `count` of rows. */
  readonly column?: string;
  /** Only rows that satisfy this are measured; groups stay. */
  readonly where?: Filter;
}

export interface AggregateSpec {
  readonly table: string;
  readonly where: Filter;
  readonly groupBy: readonly Group[];
  readonly measures: readonly Measure[];
  /** Over the `as` names of groups and measures. */
  readonly having?: Filter;
  readonly orderBy: readonly Order[];
  readonly limit: number;
}

/** What an update writes: a value, or a number added to an integer column in the database. */
export type Patch = Readonly<Record<string, unknown | { readonly add: number }>>;

export interface RowUpdate {
  readonly where: Filter;
  readonly patch: Patch;
}

/**
 * The verbs. Rows and values are as `ColumnType` says, in both directions.
 *
 * Measures answer: `count`, `countDistinct` a number; `sum` of an integer column an exact decimal string
 * (or null over no rows), of a float column a number; `avg` a number; `min`, `max` the column's own type.
 */
/** Rows to insert into a table, or updates of it, each with its own guard. */
export type Write =
  | { readonly table: string; readonly rows: readonly StoredRow[] }
  | { readonly table: string; readonly updates: readonly RowUpdate[] };

export interface Operations {
  /** Rows in order. An engine in this process has them at once: waiting for what is there costs as much as the read. */
  findMany(spec: FindSpec): StoredRow[] | Promise<StoredRow[]>;
  aggregate(spec: AggregateSpec): Promise<StoredRow[]>;
  /** Rows have the same columns. Split into statements by `maxBindings`; all or nothing inside a transaction. */
  insertMany(table: string, rows: readonly StoredRow[]): Promise<void>;
  /** A guarded counter or a claim is this with the guard in `where` and the count as the answer. */
  updateWhere(table: string, where: Filter, patch: Patch): Promise<{ count: number }>;
  /** One update per entry, each with its own guard; answers the count of each, in order. */
  updateEach(table: string, updates: readonly RowUpdate[]): Promise<readonly number[]>;
  /**
   * `insertMany` and `updateEach` of several tables, in this order and in one message where the server takes one. All or
   * nothing; inside a transaction a failure leaves only its rollback. Answers the counts of each: of an insert, none.
   */
  writeAll(writes: readonly Write[]): Promise<readonly (readonly number[])[]>;
  deleteWhere(table: string, where: Filter): Promise<{ count: number }>;
  /** Insert, or update `update` columns of the row that has the same `on` columns (a unique index). */
  upsert(
    table: string,
    rows: readonly StoredRow[],
    on: readonly string[],
    update: readonly string[],
  ): Promise<void>;
}

export interface Transaction extends Operations {
  /** Roll back only `work` when it throws. While it runs, its own handle is the one to use. */
  savepoint<T>(work: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** How an engine differs where a caller can notice. Never emulated silently. */
export interface Capabilities {
  readonly transactions: boolean;
  readonly savepoints: boolean;
  /** False on SQLite: one writer at a time. */
  readonly concurrentWriters: boolean;
  readonly rowLocks: boolean;
  readonly transactionalDdl: boolean;
  /** Makes JSON of rows itself, which costs less than to hand them over. Absent where it does not. */
  readonly jsonRows?: boolean;
  /** Plans queries without statistics of the rows, so that it has to be told where they are few. Absent where it does not. */
  readonly plansBlindly?: boolean;
  /** Parameters of one statement. */
  readonly maxBindings: number;
}

export interface SchemaManager {
  inspect(): Promise<PhysicalSchema>;
  /** What it takes to get from `current` to `wanted`; pure. */
  plan(current: PhysicalSchema, wanted: PhysicalSchema): SchemaPlan;
  apply(steps: readonly SchemaStep[]): Promise<void>;
  /** Only one process migrates at a time; the others wait. */
  withLock<T>(work: () => Promise<T>): Promise<T>;
}

/** Whose rows may be touched in tables that have a `tenant` column: those of one tenant, or of all for a reason. */
export type Reach = { readonly tenant: string } | { readonly acrossTenants: string };

/** The verbs and transactions. */
export interface BoundStorage extends Operations {
  /**
   * All of `work` or nothing. After a statement that failed, even if its error was caught, only the rollback of
   * the savepoint or transaction around it is possible: `TransactionAborted` on every engine, as some leave no
   * choice. A read-only transaction sees one state of the database, and refuses to write.
   */
  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    options?: { readonly readOnly?: boolean },
  ): Promise<T>;
}

/**
 * What the reads of some work must see. `primary`: everything. `any`: what some replica has, however old. Otherwise what a
 * former work has written, by what `written` answered then.
 */
export type ReadAfter = "primary" | "any" | (string & {});

export interface ReplicaReads {
  /** What a later work gives as `after` to see what this one wrote; null where it wrote nothing. */
  written(): Promise<string | null>;
}

/** Copies of the database that follow it, and may be behind. */
export interface ReadReplicas {
  /**
   * Reads of `work` outside of transactions may be answered by replicas that have what `after` says. What it reads after
   * it has written itself, and all that is read without this, comes from the primary.
   */
  run<T>(after: ReadAfter, work: (reads: ReplicaReads) => T): T;
}

/**
 * The border between Corm and a database. The verbs, transactions with savepoints, and the schema.
 * Whoever writes one runs `storageConformance` of `@corm/core/testing` over it.
 *
 * The adapter itself reaches only tables without a `tenant` column: for the others it throws `TenantUnbound`.
 */
export interface StorageAdapter extends BoundStorage {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly schema: SchemaManager;
  /** Absent where there are none. */
  readonly replicas?: ReadReplicas | undefined;
  /** Connects, and learns the column types. Called once, after the plugins are composed. */
  open(schema: PhysicalSchema): Promise<void>;
  close(): Promise<void>;
  /**
   * Leaves nothing of deleted and overwritten values in the files of the database, as far as the adapter can reach
   * them. Absent where that is the server's business.
   */
  scrub?(): Promise<void>;
  /** Does one trivial round trip; throws when the database does not answer. */
  ping(): Promise<void>;
  /**
   * For one tenant. Every statement must hold the rows of every tenant's table that it names, also in `exists`
   * and `among`, to this tenant by an `eq` that no `or` or `not` goes around; every row and patch must be of this
   * tenant. What is not so throws `TenantCrossed`, and does not reach the database.
   *
   * When `signal` aborts, no further statement begins, and a server cancels the one that is running; either throws the
   * reason of the signal. An engine that works inside the process cannot stop in the middle of a statement.
   */
  forTenant(tenant: string, signal?: Abortable): BoundStorage;
  /** For migrations, sequencers and other upkeep of all tenants at once; the reason is for whoever reads the code or the log. */
  acrossTenants(reason: string): BoundStorage;
}
