import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { issueApiKey, verifyAudit } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage, sqlite } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import mysql from "mysql2/promise";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/util/random-bytes.js";
import { parcel, plugins } from "../http/support/parcels.js";
import { databases, suiteName, type TestDatabase } from "../support/databases.js";

/** Torn ends of a log: `CORM_CUTS=500 npx vitest run packages/core/test/abuse/k-disk.test.ts`. */
const CUTS = Number(process.env["CORM_CUTS"] ?? 40);

type App = Awaited<ReturnType<typeof open>>;

async function open(storage = sqlite(), seed = 1) {
  const app = await createTestCrm({ plugins, storage, seed });
  const { key } = await issueApiKey(app.me, { name: `disk ${seed}`, roles: ["admin"] });
  const http = createHttp(app.crm);
  const call = async (method: string, path: string, body?: unknown) => {
    const answer = await http.request(path, {
      method,
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === "" ? {} : JSON.parse(text) };
  };
  return { ...app, call };
}

describe("SQLite in a file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "corm-disk-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("K91 a log that is torn or damaged at its end leaves a beginning of the commits, each of them whole", async () => {
    const path = join(folder, "corm.db");
    // The last to close the file empties the log: the tables are in the file, and in the log is what comes now.
    await (await open(sqlite(path))).crm.stop();
    const app = await createTestCrm({ plugins, storage: sqlite(path), seed: 2 });
    const { me } = app;
    const codes = Array.from({ length: 30 }, (_, n) => `W${String(n).padStart(2, "0")}`);
    for (const code of codes) {
      await me.transaction(async (tx) => {
        const { id } = await tx.entities.parcel.create({ code });
        await tx.entities.parcelItem.create({ parcelId: id, label: code });
      });
    }
    // As a crash leaves it: the log is not yet in the file.
    const [copy, copied] = [join(folder, "copy.db"), join(folder, "copy.db-wal")];
    copyFileSync(path, join(folder, "base.db"));
    copyFileSync(`${path}-wal`, join(folder, "base.db-wal"));
    await app.crm.stop();
    const log = readFileSync(join(folder, "base.db-wal"));
    const random = seededRandom(91);
    const below = (most: number) => new DataView(random(4).buffer).getUint32(0) % most;
    const lengths = new Set<number>();
    for (let n = 0; n < CUTS; n++) {
      const damaged = Buffer.from(log);
      // The end may be anything; what was flushed before it is not touched by a crash.
      const at = 32 + below(log.length - 32);
      if (n % 2 === 0) damaged[at] = (damaged[at] as number) ^ (1 << below(8));
      copyFileSync(join(folder, "base.db"), copy);
      writeFileSync(copied, n % 2 === 0 ? damaged : damaged.subarray(0, at));
      rmSync(`${copy}-shm`, { force: true });
      const storage = sqlite(copy);
      const left = await createTestCrm({ plugins, storage, seed: n + 3 });
      const found = (await left.me.entities.parcel.find({ orderBy: ["code"], limit: 100 })).items;
      expect(found.map(({ code }) => code)).toEqual(codes.slice(0, found.length));
      const items = (await left.me.entities.parcelItem.find({ orderBy: ["label"], limit: 100 })).items;
      expect(items.map(({ label }) => label)).toEqual(codes.slice(0, found.length));
      for (const { id } of found) expect((await left.me.entities.parcel.history(id)).items).toHaveLength(1);
      expect((await verifyAudit(left.crm, { tenant: "test" })).broken).toBeNull();
      lengths.add(found.length);
      // And it is written on.
      await left.me.entities.parcel.create({ code: "NEXT" });
      await left.crm.stop();
      for (const end of ["", "-wal", "-shm"]) rmSync(`${copy}${end}`, { force: true });
    }
    expect(lengths.size).toBeGreaterThan(Math.min(8, CUTS / 5));
  }, 240_000);

  it("K92 a full disk is 507 and changes nothing; reads go on, and writes as soon as there is room", async () => {
    const storage = sqlite(join(folder, "full.db"));
    const app = await open(storage);
    const pages = async (most: number) => {
      const { engine } = (storage as unknown as Record<"handle", { engine: Engine }>).handle;
      await engine.connection(async (raw) => raw.exec(`pragma max_page_count = ${most}`));
    };
    const { body: first } = await app.call("POST", "/api/parcels", { code: "BEFORE" });
    await pages(1);
    const acknowledged = ["BEFORE"];
    let full: Awaited<ReturnType<App["call"]>> | undefined;
    for (let n = 0; n < 200 && !full; n++) {
      const answer = await app.call("POST", "/api/parcels", { code: `F${n}`, note: "x".repeat(20_000) });
      if (answer.status === 201) acknowledged.push(`F${n}`);
      else full = answer;
    }
    expect([full?.status, full?.body.code]).toEqual([507, "storage-full"]);
    const read = await app.call("GET", `/api/parcels?fields=code&limit=500`);
    const codes = (read.body.data as { code: string }[]).map(({ code }) => code);
    expect(codes.sort()).toEqual(acknowledged.sort());
    expect((await app.call("GET", `/api/parcels/${first.id}`)).status).toBe(200);
    expect((await app.call("GET", "/readyz")).status).toBe(200);
    await pages(1_000_000);
    expect((await app.call("POST", "/api/parcels", { code: "AFTER" })).status).toBe(201);
    expect((await verifyAudit(app.crm, { tenant: "test" })).broken).toBeNull();
    await app.crm.stop();
  });
});

interface Engine {
  connection(work: (raw: { exec(sql: string): unknown }) => Promise<unknown>): Promise<void>;
}

async function cutAll(url: string): Promise<void> {
  if (url.startsWith("postgres")) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()",
    );
    return client.end();
  }
  const connection = await mysql.createConnection({ uri: url });
  const [rows] = await connection.query(
    "select id as id from information_schema.processlist where db = database() and id <> connection_id()",
  );
  // One that has just ended by itself is what was wanted.
  for (const { id } of rows as { id: number }[]) await connection.query(`kill ${id}`).catch(() => undefined);
  await connection.end();
}

for (const server of databases.filter(({ name }) => !name.startsWith("SQLite"))) {
  describe.skipIf(!server.available)(suiteName(server), () => {
    let database: TestDatabase;
    beforeEach(async () => {
      database = await server.create();
    });
    afterEach(() => database.drop());

    it("K93 connections that are lost in the middle: 503 to try again, nothing acknowledged is lost, and the pool heals", async () => {
      const app = await open(knexStorage({ url: database.url, pool: { max: 4 } }));
      const acknowledged: string[] = [];
      const refused: string[] = [];
      let running = true;
      let made = 0;
      const writers = Array.from({ length: 6 }, async () => {
        while (running) {
          const code = `C${++made}`;
          const { status, headers, body } = await app.call("POST", "/api/parcels", { code });
          expect([201, 503], JSON.stringify(body)).toContain(status);
          (status === 201 ? acknowledged : refused).push(code);
          if (status === 503) expect(headers.get("retry-after")).toBe("1");
        }
      });
      for (let n = 0; n < 6; n++) {
        await sleep(120);
        await cutAll(database.url);
      }
      running = false;
      await Promise.all(writers);
      expect(refused.length).toBeGreaterThan(0);
      expect(acknowledged.length).toBeGreaterThan(10);
      const began = performance.now();
      while ((await app.call("POST", "/api/parcels", { code: `H${++made}` })).status !== 201)
        expect(performance.now() - began).toBeLessThan(5000);
      const there = new Set<string>();
      for await (const { code } of app.me.repo(parcel).stream({ select: ["code"] })) there.add(code);
      expect(acknowledged.filter((code) => !there.has(code))).toEqual([]);
      expect((await verifyAudit(app.crm, { tenant: "test" })).broken).toBeNull();
      await app.crm.stop();
    }, 60_000);
  });
}
