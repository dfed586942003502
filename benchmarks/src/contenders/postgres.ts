import { knexStorage } from "@corm/core/knex";
import createKnex from "knex";
import pg from "pg";
import { startCrm } from "../app/crm.js";
import type { Data } from "../app/data.js";
import { type Seeded, seed } from "../app/seed.js";
import type { Row } from "./columns.js";
import type { Contender } from "./contender.js";
import { type CormContender, cormContender } from "./corm.js";
import { knexContender } from "./knex.js";
import { rawContender } from "./raw.js";
import type { RawDriver } from "./raw-driver.js";

const instant = (text: string): string => `${text.slice(0, 10)}T${text.slice(11, 19)}.${milliseconds(text)}Z`;
const milliseconds = (text: string): string => /\.(\d+)/.exec(text)?.[1]?.padEnd(3, "0") ?? "000";
const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  20: Number,
  1082: String,
  1184: instant,
};

/** Numbers as numbers and times as RFC 3339 text, for raw and Knex alike. */
const types = {
  getTypeParser: (type: number, format?: "text" | "binary") =>
    parsers[type] ?? (pg.types.getTypeParser(type, format) as (text: string) => unknown),
};

/** Raw, Knex and Corm on the tables of one database, filled through Corm. */
export async function postgresContenders(
  url: string,
  data: Data,
  rows: number,
): Promise<{
  readonly contenders: readonly [raw: Contender, knex: Contender, corm: CormContender];
  readonly seeded: Seeded;
}> {
  const crm = await startCrm(knexStorage({ url }));
  const seeded = await seed(crm, data, rows);
  const knex = createKnex({ client: "pg", connection: { connectionString: url, types } as object });
  const month = (column: string): string => `to_char(${column}, 'YYYY-MM')`;
  const driver = await postgresDriver(url, month);
  await driver.run("analyze")([]);
  return { contenders: [rawContender(driver), knexContender(knex, month), cormContender(crm)], seeded };
}

const columnTypes: Readonly<Record<string, string>> = {
  id: "uuid",
  record: "uuid",
  position: "bigint",
  at: "timestamptz",
  account_id: "uuid",
  owner_id: "uuid",
  created_at: "timestamptz",
  updated_at: "timestamptz",
  deleted_at: "timestamptz",
  birthday: "date",
  version: "bigint",
  live: "bigint",
};

export async function postgresDriver(url: string, month: (column: string) => string): Promise<RawDriver> {
  const client = new pg.Client({ connectionString: url, types });
  await client.connect();
  await client.query("set timezone = 'UTC'");
  let statements = 0;
  const named = (sql: string) => {
    statements += 1;
    let position = 0;
    const text = sql.replaceAll("?", () => {
      position += 1;
      return `$${position}`;
    });
    const name = `raw_${statements}`;
    return async (values: readonly unknown[]): Promise<Row[]> => {
      const result = await client.query<Row>({ name, text, values: values as unknown[] });
      return result.rows;
    };
  };
  return {
    one(sql) {
      const run = named(sql);
      return async (values) => (await run(values))[0];
    },
    all: named,
    run: named,
    async transaction(work) {
      await client.query("begin");
      try {
        const result = await work();
        await client.query("commit");
        return result;
      } catch (error) {
        await client.query("rollback");
        throw error;
      }
    },
    insertMany(table, columns) {
      const arrays = columns.map((column) => `?::${columnTypes[column] ?? "text"}[]`).join(", ");
      const run = named(`insert into ${table} (${columns.join(", ")}) select * from unnest(${arrays})`);
      return (rows) => run(columns.map((_, index) => rows.map((row) => row[index])));
    },
    forUpdate: " for no key update",
    anyOf: (column) => `${column} = any(?::uuid[])`,
    list: (values) => values,
    month,
    close: () => client.end(),
  };
}
