import type { FindSpec, StorageAdapter, StoredRow } from "../../storage/adapter.js";
import type { Filter } from "../../storage/filter.js";
import { always } from "../../storage/filter.js";
import { fixtureSchema } from "./fixtures.js";

/** What the suite needs of a test runner; vitest has all of it, `node:test` calls two of them otherwise. */
export interface TestRunner {
  describe(name: string, body: () => void): void;
  test(name: string, body: () => Promise<void>, timeout?: number): void;
  beforeAll(body: () => Promise<void>, timeout?: number): void;
  afterAll(body: () => Promise<void>, timeout?: number): void;
}

/** An adapter over an empty database. */
export interface OpenedStorage {
  /** Not opened yet. */
  readonly adapter: StorageAdapter;
  /** Another adapter on the same database, as another process would have; absent where there is no such thing. */
  readonly another?: () => StorageAdapter;
  /** Closes nothing that the suite has closed; removes the database. */
  dispose(): Promise<void>;
}

export interface StorageConformanceOptions {
  readonly name: string;
  readonly runner: TestRunner;
  open(): Promise<OpenedStorage>;
}

/** The database of one group of tests. */
export interface Bench {
  readonly adapter: StorageAdapter;
  readonly another: (() => StorageAdapter) | undefined;
}

/** Milliseconds for tests that move many rows. */
export const patience = 60_000;

/** A group of tests over one database with the fixture tables, which are empty when each test begins. */
export function group(
  { runner, open }: StorageConformanceOptions,
  name: string,
  tests: (check: (name: string, body: (bench: Bench) => Promise<void>, timeout?: number) => void) => void,
): void {
  runner.describe(name, () => {
    let opened: OpenedStorage | undefined;
    runner.beforeAll(async () => {
      opened = await open();
      await migrate(opened.adapter);
      await opened.adapter.open(fixtureSchema);
    }, patience);
    runner.afterAll(async () => {
      await opened?.adapter.close();
      await opened?.dispose();
    }, patience);
    tests((test, body, timeout = patience) => {
      runner.test(
        test,
        async () => {
          if (opened === undefined) throw new Error("The storage could not be opened");
          const { adapter, another } = opened;
          await empty(adapter);
          await body({ adapter, another });
        },
        timeout,
      );
    });
  });
}

/** Makes the fixture tables in an empty database. */
export async function migrate(adapter: StorageAdapter): Promise<void> {
  const { steps } = adapter.schema.plan(await adapter.schema.inspect(), fixtureSchema);
  await adapter.schema.apply(steps);
}

async function empty(adapter: StorageAdapter): Promise<void> {
  await adapter.acrossTenants("empty the fixture tables").deleteWhere("note", always);
  for (const table of ["part", "item", "node", "counter", "account"])
    await adapter.deleteWhere(table, always);
}

/** Rows without the prototypes that drivers give them. */
export const plain = (rows: readonly StoredRow[]): StoredRow[] => rows.map((row) => ({ ...row }));

/** All rows that satisfy `where`, some columns of them, by id unless said otherwise. */
export async function find(
  storage: Pick<StorageAdapter, "findMany">,
  table: string,
  columns: readonly string[],
  where: Filter = always,
  rest: Partial<FindSpec> = {},
): Promise<StoredRow[]> {
  const orderBy = [{ column: "id", direction: "asc" }] as const;
  return plain(await storage.findMany({ table, columns, where, orderBy, limit: 1_000_000, ...rest }));
}

/** The values of one column. */
export async function values(
  storage: Pick<StorageAdapter, "findMany">,
  table: string,
  column: string,
  where: Filter = always,
  rest: Partial<FindSpec> = {},
): Promise<unknown[]> {
  return (await find(storage, table, [column], where, rest)).map((row) => row[column]);
}

/** The error that `work` ends with; `assert.rejects` would not hand it out. */
export async function errorOf(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("An error was expected");
}
