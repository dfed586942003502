import type { Abortable } from "../../util/abortable.js";
import type { Awaitable } from "../../util/awaitable.js";
import type { Reach, StoredRow } from "../adapter.js";
import type { TenantGuard } from "./tenant-guard.js";

export type Decoder = (raw: unknown) => unknown;

/** The SQL of one query shape. Values are not part of it, so it is made once and kept with what drivers prepare. */
export interface Statement {
  readonly sql: string;
  /** Position of each placeholder's value in the call's values; absent when they are already in that order. */
  readonly order: readonly number[] | undefined;
  /** Names of the result's columns, in order; empty for writes. */
  readonly columns: readonly string[];
  /** Parallel to `columns`. */
  readonly decoders: readonly (Decoder | undefined)[];
  readonly decodes: boolean;
  /** For error messages: `read`, `insert into`, ... */
  readonly operation: string;
  readonly table: string;
  /** What a call must say about tenants; undefined where no tenant's table is touched. */
  readonly guard: TenantGuard | undefined;
  /** Names the prepared statement on servers that want a name. */
  readonly id: number;
  /** What a driver prepared, by the slot of its connection. */
  readonly prepared: unknown[];
}

/** One execution of a statement. */
export interface Call {
  readonly statement: Statement;
  readonly values: readonly unknown[];
}

/** Runs statements one after another. */
export interface Session {
  query(statement: Statement, values: readonly unknown[]): Awaitable<StoredRow[]>;
  /** Answers how many rows matched. */
  execute(statement: Statement, values: readonly unknown[]): Awaitable<number>;
  /** All or nothing. */
  executeAll(calls: readonly Call[]): Awaitable<number[]>;
}

export interface TransactionSession extends Session {
  /** Savepoint control. */
  command(sql: string): Awaitable<void>;
}

export interface TransactionOptions {
  readonly readOnly: boolean;
  readonly reach?: Reach | undefined;
  /** Cancels what runs in it. */
  readonly signal?: Abortable | undefined;
}

/** A connected database: a session outside transactions, and the transactions. */
export interface Engine extends Session {
  /**
   * The session for this reach: a database that guards tenants itself is told of it with every statement. A server
   * cancels what runs when the signal aborts.
   */
  within(reach: Reach | undefined, signal?: Abortable): Session;
  transaction<T>(work: (session: TransactionSession) => Promise<T>, options: TransactionOptions): Promise<T>;
  /** Work that owns a connection and speaks SQL text: schema changes. */
  connection<T>(work: (connection: RawConnection) => Promise<T>): Promise<T>;
  /** One process at a time, and within it one caller. */
  withLock<T>(work: () => Promise<T>): Promise<T>;
  /** Called when the storage is opened: refuses what would not work as it was asked for. */
  verify?(): Promise<void>;
  /** Forgets what was prepared: the schema changed. */
  reset(): void;
  ping(): Promise<void>;
  /** See `StorageAdapter.scrub`. */
  scrub?(): Promise<void>;
  close(): Promise<void>;
}

/** SQL text without a catalogue: schema inspection and changes. */
export interface RawConnection {
  query(sql: string, values?: readonly unknown[]): Awaitable<Record<string, unknown>[]>;
  exec(sql: string): Awaitable<void>;
}

let nextId = 0;

/** The placeholder of the value at `index`, replaced by the engine's own syntax in `makeStatement`. */
export const marker = (index: number): string => `\u0001${index};`;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the control character cannot occur in SQL text.
const markers = /\u0001(\d+);/g;

export interface StatementInit {
  readonly sql: string;
  readonly operation: string;
  readonly table: string;
  readonly guard?: TenantGuard | undefined;
  readonly results?: readonly { readonly name: string; readonly decode: Decoder | undefined }[];
}

/** Turns markers into placeholders; values may thus be used in any order, and more than once. */
export function makeStatement(init: StatementInit, placeholder: (position: number) => string): Statement {
  const order: number[] = [];
  const sql = init.sql.replace(markers, (_, index: string) => placeholder(order.push(Number(index))));
  const results = init.results ?? [];
  const decoders = results.map((result) => result.decode);
  nextId += 1;
  return {
    sql,
    order: order.every((index, position) => index === position) ? undefined : order,
    columns: results.map((result) => result.name),
    decoders,
    decodes: decoders.some((decode) => decode !== undefined),
    operation: init.operation,
    table: init.table,
    guard: init.guard,
    id: nextId,
    prepared: [],
  };
}

/** The values in the order of the placeholders. */
export function bind(statement: Statement, values: readonly unknown[]): readonly unknown[] {
  return statement.order === undefined ? values : statement.order.map((index) => values[index]);
}
