import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createCrm,
  defineJob,
  definePlugin,
  type PluginFactory,
  type PluginOf,
  type StorageAdapter,
  Type,
} from "@corm/core";
import { knexStorage, sqlite } from "@corm/core/knex";
import pg from "pg";
import { actor, tenant } from "./app/identity.js";
import { sqliteDriver } from "./contenders/raw-driver.js";
import type { Scenario } from "./scenarios.js";

/** Jobs that one operation makes in one transaction, and runs. */
export const JOBS = 100;
/** Jobs of one claim, and, on servers, jobs that run at once. */
export const CLAIM = 10;

export const nothing = defineJob("bench.nothing", {
  input: Type.Object({ number: Type.Integer() }),
  transactional: true,
  run: async () => {},
});
const definition = definePlugin({
  name: "bench",
  version: "0.1.0",
  corm: "^0.1",
  setup: () => ({ jobs: [nothing] }),
});
interface BenchPlugin extends PluginOf<typeof definition> {}
export const bench: PluginFactory<BenchPlugin, Record<never, never>> = definition;

async function corm(storage: StorageAdapter) {
  const crm = await createCrm({ storage, plugins: [bench()] });
  const session = crm.as({ actor, tenant, roles: ["admin"] });
  const worker = crm.worker({ concurrency: CLAIM });
  const jobs = Array.from({ length: JOBS }, (_, number) => ({ input: { number } }));
  const run = async (): Promise<void> => {
    await session.jobs.enqueueMany(nothing, jobs);
    if ((await worker.run()).length !== JOBS) throw new Error("jobs were left behind");
  };
  return { run, stop: () => crm.stop() };
}

const COLUMNS = "id, tenant, queue, name, state, run_at, input, token, actor, made_at, done_at".split(", ");
const TABLE = `create table raw_job (id char(36) primary key, tenant varchar(64) not null, queue varchar(64) not null,
  name varchar(100) not null, state varchar(10) not null, run_at varchar(30) not null, input text, token char(36),
  actor text not null, made_at varchar(30) not null, done_at varchar(30));
  create index raw_job_claim on raw_job (state, queue, tenant, run_at, id);`;
const READY = "state = 'ready' and queue = 'default' and run_at <= ";

function rowOf(number: number): unknown[] {
  const now = new Date().toISOString();
  const input = JSON.stringify({ number });
  const id = crypto.randomUUID();
  return [id, tenant, "default", "nothing", "ready", now, input, null, JSON.stringify(actor), now, null];
}

/** The same with statements by hand: a batch of rows, claims of ten, a transaction for each job. The driver answers at once. */
function rawSqlite(path: string): { run: () => void; stop: () => void } {
  const raw = sqliteDriver(path, "normal");
  for (const sql of TABLE.split(";").filter((part) => part.trim() !== "")) void raw.run(sql)([]);
  const insert = raw.insertMany("raw_job", COLUMNS);
  const find = raw.all(`select id, input from raw_job where ${READY} ? order by run_at, id limit ${CLAIM}`);
  const take = raw.run("update raw_job set state = 'running', token = ? where id = ?");
  const finish = raw.run(
    "update raw_job set state = 'done', done_at = ?, input = null where id = ? and token = ? and state = 'running'",
  );
  const claim = (token: string) => {
    const rows = find([new Date().toISOString()]) as { id: string; input: string }[];
    for (const { id } of rows) void take([token, id]);
    return rows;
  };
  return {
    run() {
      void raw.transaction(() => insert(Array.from({ length: JOBS }, (_, number) => rowOf(number))));
      for (;;) {
        const token = crypto.randomUUID();
        const rows = raw.transaction(() => claim(token)) as { id: string; input: string }[];
        if (rows.length === 0) return;
        for (const { id, input } of rows) {
          JSON.parse(input);
          void raw.transaction(() => finish([new Date().toISOString(), id, token]));
        }
      }
    },
    stop: () => void raw.close(),
  };
}

async function rawPostgres(url: string): Promise<{ run: () => Promise<void>; stop: () => Promise<void> }> {
  const pool = new pg.Pool({ connectionString: url, max: CLAIM });
  await pool.query(`drop table if exists raw_job; ${TABLE}`);
  const within = async <T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query("begin");
      const result = await work(client);
      await client.query("commit");
      return result;
    } finally {
      client.release();
    }
  };
  const prepared = (client: pg.PoolClient, name: string, text: string, values: unknown[]) =>
    client.query({ name, text, values });
  const places = COLUMNS.map((_, i) => `$${i + 1}::text[]`).join(", ");
  const insert = `insert into raw_job (${COLUMNS}) select * from unnest(${places})`;
  const find = `select id, input from raw_job where ${READY} $1 order by run_at, id limit ${CLAIM} for update skip locked`;
  const finish =
    "update raw_job set state = 'done', done_at = $1, input = null where id = $2 and token = $3 and state = 'running'";
  return {
    async run() {
      const rows = Array.from({ length: JOBS }, (_, number) => rowOf(number));
      const columns = COLUMNS.map((_, i) => rows.map((row) => row[i]));
      await within((client) => prepared(client, "insert", insert, columns));
      for (;;) {
        const token = crypto.randomUUID();
        const taken = await within(async (client) => {
          const found = await prepared(client, "find", find, [new Date().toISOString()]);
          const ids = found.rows.map(({ id }) => id);
          const take = "update raw_job set state = 'running', token = $1 where id = any($2)";
          if (ids.length > 0) await prepared(client, "take", take, [token, ids]);
          return found.rows as { id: string; input: string }[];
        });
        if (taken.length === 0) return;
        await Promise.all(
          taken.map(({ id, input }) =>
            within(async (client) => {
              JSON.parse(input);
              await prepared(client, "finish", finish, [new Date().toISOString(), id, token]);
            }),
          ),
        );
      }
    },
    stop: () => pool.end(),
  };
}

/** Jobs that do nothing, made in one transaction and each completed in one of its own. */
export async function jobScenarios(
  postgres: string | undefined,
): Promise<{ scenarios: Scenario[]; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "corm-bench-jobs-"));
  const storage = sqlite(join(folder, "corm.db"), {
    driver: "@photostructure/sqlite",
    synchronous: "normal",
  });
  const all: [
    string,
    { run: () => unknown; stop: () => unknown },
    { run: () => unknown; stop: () => unknown },
  ][] = [["SQLite", rawSqlite(join(folder, "raw.db")), await corm(storage)]];
  if (postgres)
    all.push(["PostgreSQL", await rawPostgres(postgres), await corm(knexStorage({ url: postgres }))]);
  return {
    scenarios: all.map(([engine, raw, ours]) => ({
      name: `made, claimed and completed, ${engine}`,
      unit: { name: "jobs", count: JOBS },
      grows: true,
      tasks: async () => [
        { name: "raw", run: raw.run },
        { name: "corm", run: ours.run },
      ],
    })),
    stop: async () => {
      for (const [, raw, ours] of all) {
        await raw.stop();
        await ours.stop();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
