import type { AppSession, PluginList } from "@corm/core";
import { createTestCrm, type TestCrm, type TestCrmOptions } from "@corm/core/testing";
import { afterAll, beforeAll, describe } from "vitest";
import { ENTRY_COLUMNS } from "../../src/journal/entry.js";
import { counting, type StatementLog } from "./counting.js";
import { securedToo, storageAt, suiteName, type TestDatabase } from "./databases.js";

export type DatabaseName =
  | "SQLite in memory"
  | "SQLite in a file"
  | "PostgreSQL"
  | "PostgreSQL with row-level security"
  | "MariaDB";

export interface TestApp<Ps extends PluginList> extends TestCrm<Ps> {
  /** Every statement since the last `log.clear()`. */
  readonly log: StatementLog;
  /** The same database, for another CRM on it. */
  readonly url: string;
  /** A session in a tenant of its own, so that tests of one database do not meet. */
  fresh(): AppSession<Ps>;
  /** The rows of a tenant's journal as they are stored, in the order of their ids. */
  storedJournal(tenant: string): Promise<Record<string, unknown>[]>;
}

const everywhere: readonly DatabaseName[] = [
  "SQLite in memory",
  // The whole suites also hold where the server guards the rows of tenants: CORM_TEST_SECURED=1 runs them so.
  process.env["CORM_TEST_SECURED"] ? "PostgreSQL with row-level security" : "PostgreSQL",
  "MariaDB",
];

/** Runs a suite once per database, on one CRM; each test takes a tenant of its own. */
export function onDatabases<const Ps extends PluginList>(
  options: Omit<TestCrmOptions<Ps>, "storage"> & { readonly on?: readonly DatabaseName[] },
  suite: (app: () => TestApp<Ps>, database: DatabaseName) => void,
): void {
  const { on = everywhere, ...rest } = options;
  for (const server of securedToo.filter(({ name }) => on.includes(name as DatabaseName))) {
    describe.skipIf(!server.available)(suiteName(server), () => {
      let database: TestDatabase | undefined;
      let app: TestApp<Ps> | undefined;
      beforeAll(async () => {
        database = await server.create();
        // Short names in every file, whatever ran before it in this process.
        tenants = 0;
        app = await openApp<Ps>(database.url, rest as TestCrmOptions<Ps>);
      });
      afterAll(async () => {
        await app?.crm.stop();
        await database?.drop();
      });
      suite(() => app as TestApp<Ps>, server.name as DatabaseName);
    });
  }
}

let tenants = 0;

/** A CRM on the database at `url`. */
export async function openApp<const Ps extends PluginList>(
  url: string,
  options: TestCrmOptions<Ps>,
): Promise<TestApp<Ps>> {
  const { storage, log } = counting(storageAt(url, { pool: { min: 0, max: 6 } }));
  const app = await createTestCrm<Ps>({ ...options, storage });
  log.clear();
  return {
    ...app,
    log,
    url,
    storedJournal: async (tenant) =>
      storage.forTenant(tenant).findMany({
        table: "corm_journal",
        columns: ENTRY_COLUMNS,
        where: { op: "eq", column: "tenant_id", value: tenant },
        orderBy: [{ column: "id", direction: "asc" }],
        limit: 10_000,
      }),
    fresh: () => {
      tenants += 1;
      return app.inTenant(`tenant-${tenants}`);
    },
  };
}
