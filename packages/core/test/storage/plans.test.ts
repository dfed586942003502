import { describe, expect, test } from "vitest";
import type { FindSpec, StorageAdapter } from "../../src/storage/adapter.js";
import type { Filter } from "../../src/storage/filter.js";
import { Catalog } from "../../src/storage/knex/catalog.js";
import { Compiler } from "../../src/storage/knex/compiler.js";
import type { Dialect } from "../../src/storage/knex/dialects/dialect.js";
import { mysqlDialect } from "../../src/storage/knex/dialects/mysql.js";
import { postgresDialect } from "../../src/storage/knex/dialects/postgres.js";
import { sqliteDialect } from "../../src/storage/knex/dialects/sqlite.js";
import { knexStorage } from "../../src/storage/knex/index.js";
import type { Engine } from "../../src/storage/knex/statement.js";
import { fixtureSchema, id, item } from "../../src/testing/storage-conformance/fixtures.js";
import { migrate } from "../../src/testing/storage-conformance/suite.js";
import { databases, suiteName } from "../support/databases.js";

/** A page of items among two sets of ids: parts of one account, and items of one code. */
const page: FindSpec = {
  table: "item",
  columns: ["id", "label"],
  where: {
    op: "among",
    column: "id",
    of: [
      { table: "part", select: "item_id", where: { op: "eq", column: "item_id", value: id(7) } },
      { table: "item", select: "id", where: { op: "eq", column: "code", value: "c9" } as Filter },
    ],
  },
  orderBy: [
    { column: "rank", direction: "asc" },
    { column: "id", direction: "asc" },
  ],
  limit: 50,
};

const rows = 20_000;

async function fill(storage: StorageAdapter): Promise<void> {
  const numbers = Array.from({ length: rows }, (_, index) => index + 1);
  await storage.insertMany(
    "item",
    numbers.map((number) => item(number, { code: `c${number}` })),
  );
  await storage.insertMany(
    "part",
    numbers.map((number) => ({ id: id(number), item_id: id(number), account_id: null, size: number % 100 })),
  );
}

interface Case {
  readonly dialect: () => Dialect;
  readonly explain: string;
  /** Makes statistics, as the server does by itself after a while. */
  readonly analyze?: string;
  readonly wanted: RegExp;
  readonly unwanted: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  "SQLite in a file": {
    dialect: sqliteDialect,
    explain: "explain query plan",
    wanted: /SEARCH item USING INDEX sqlite_autoindex_item_1 \(id=\?\)/,
    unwanted: /SCAN/,
  },
  PostgreSQL: {
    dialect: postgresDialect,
    explain: "explain",
    analyze: "analyze",
    wanted: /Index Scan using item_pkey on item /,
    unwanted: /Seq Scan|SubPlan/,
  },
  MariaDB: {
    dialect: mysqlDialect,
    explain: "explain",
    analyze: "analyze table item, part",
    wanted: /MATERIALIZED|DERIVED/,
    unwanted: /DEPENDENT/,
  },
};

for (const server of databases) {
  const expected = cases[server.name];
  if (expected === undefined) continue;
  describe.skipIf(!server.available)(suiteName(server), () => {
    test("begins with the sets of ids, and makes each once", async () => {
      const database = await server.create();
      const storage = knexStorage({ url: database.url });
      try {
        await migrate(storage);
        await storage.open(fixtureSchema);
        await fill(storage);
        const dialect = expected.dialect();
        const compiler = new Compiler(dialect, new Catalog(fixtureSchema, dialect.quote));
        const { statement, values } = compiler.find(page);
        // The adapter shows no plans; its engine speaks SQL to whoever changes the schema.
        const { engine } = (storage as unknown as { readonly handle: { readonly engine: Engine } }).handle;
        const plan = await engine.connection(async (connection) => {
          if (expected.analyze !== undefined) await connection.exec(expected.analyze);
          return connection.query(`${expected.explain} ${statement.sql}`, values);
        });
        const text = plan.map((line) => Object.values(line).join(" ")).join("\n");
        expect(text).toMatch(expected.wanted);
        expect(text).not.toMatch(expected.unwanted);
        expect(await storage.findMany(page)).toHaveLength(2);
      } finally {
        await storage.close();
        await database.drop();
      }
    }, 60_000);
  });
}
