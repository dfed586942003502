import { type AddressInfo, connect, createServer } from "node:net";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { StorageAdapter } from "../../src/storage/adapter.js";
import { always, type Filter } from "../../src/storage/filter.js";
import { knexStorage } from "../../src/storage/knex/index.js";
import { fixtureSchema, id } from "../../src/testing/storage-conformance/fixtures.js";
import { migrate, values } from "../../src/testing/storage-conformance/suite.js";
import { databases, securedToo, storageAt, type TestDatabase } from "../support/databases.js";

const secured = securedToo.find(({ name }) => name.includes("row-level"));
const plain = databases.find(({ name }) => name === "PostgreSQL");

const note = (number: number, tenant: string) => ({
  id: id(number),
  tenant_id: tenant,
  label: `Note ${number}`,
  account_id: null,
});

/** What the adapter checks before it asks the server, switched off: the server stands alone. */
function withoutGuard(storage: StorageAdapter): void {
  const { compiler } = (
    storage as unknown as { handle: { compiler: { catalog: { tables: Map<string, object> } } } }
  ).handle;
  const { tables } = compiler.catalog;
  for (const [name, table] of tables)
    tables.set(name, {
      ...table,
      tenant: undefined,
      table: { ...(table as { table: object }).table, tenant: undefined },
    });
}

/** Stands between client and server, and counts how often the client speaks after the server has. */
async function turnCounter(target: URL): Promise<{ url: string; turns: number; close(): void }> {
  const counter = { url: "", turns: 0, close: () => void server.close() };
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let clientSpeaks = false;
    client.on("data", (data) => {
      if (!clientSpeaks) counter.turns += 1;
      clientSpeaks = true;
      upstream.write(data);
    });
    upstream.on("data", (data) => {
      clientSpeaks = false;
      client.write(data);
    });
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  counter.url = url.href;
  return counter;
}

describe.skipIf(!secured?.available)("PostgreSQL guards rows by tenant", () => {
  let database: TestDatabase;
  let owner: StorageAdapter;
  let role: string;
  let roleUrl: string;
  let app: StorageAdapter;
  let raw: pg.Client;

  /** As the owner, by a connection of its own. */
  const asOwner = async (sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(sql);
    await client.end();
  };

  beforeAll(async () => {
    database = await (secured as NonNullable<typeof secured>).create();
    owner = storageAt(database.url);
    await migrate(owner);
    await owner.open(fixtureSchema);
    await owner.forTenant("a").insertMany("note", [note(1, "a"), note(2, "a")]);
    await owner.forTenant("b").insertMany("note", [note(3, "b")]);
    role = `corm_app_${new URL(database.url).pathname.slice(1)}`;
    const url = new URL(database.url);
    await asOwner(`grant usage on schema public to public`);
    const admin = new pg.Client({
      connectionString: database.url.replace(`//${url.username}@`, "//postgres@"),
    });
    await admin.connect();
    await admin.query(`create role ${role} login`);
    await admin.end();
    await asOwner(`grant select, insert, update, delete on all tables in schema public to ${role}`);
    url.username = role;
    roleUrl = url.href;
    app = knexStorage({ url: roleUrl, rowLevelSecurity: true, pool: { min: 0, max: 3 } });
    await app.open(fixtureSchema);
    raw = new pg.Client({ connectionString: roleUrl });
    await raw.connect();
  });

  afterAll(async () => {
    await raw?.end();
    await app?.close();
    await asOwner(`revoke all on all tables in schema public from ${role}`);
    await owner?.close();
    const url = new URL(database.url);
    const admin = new pg.Client({
      connectionString: database.url.replace(`//${url.username}@`, "//postgres@"),
    });
    await admin.connect();
    await admin.query(`drop role ${role}`);
    await admin.end();
    await database.drop();
  });

  test("O113 shows nothing to a statement that names no tenant, also to the owner", async () => {
    expect((await raw.query("select * from note")).rows).toEqual([]);
    expect((await raw.query("update note set label = 'x'")).rowCount).toBe(0);
    expect((await raw.query("delete from note")).rowCount).toBe(0);
    await expect(
      raw.query(`insert into note (id, tenant_id, label) values ('${id(9)}', 'a', 'x')`),
    ).rejects.toMatchObject({ code: "42501" });
    const asTableOwner = new pg.Client({ connectionString: database.url });
    await asTableOwner.connect();
    expect((await asTableOwner.query("select * from note")).rows).toEqual([]);
    await asTableOwner.end();
  });

  test("leaves no setting behind on a connection", async () => {
    const single = knexStorage({ url: roleUrl, rowLevelSecurity: true, pool: { min: 1, max: 1 } });
    await single.open(fixtureSchema);
    const own: Filter = { op: "eq", column: "tenant_id", value: "a" };
    expect(await values(single.forTenant("a"), "note", "label", own)).toEqual(["Note 1", "Note 2"]);
    await single.acrossTenants("count them").transaction(async (tx) => {
      expect(await values(tx, "note", "label", always)).toHaveLength(3);
    });
    withoutGuard(single);
    // The one connection served tenant a, then all of them, and now nobody.
    expect(await values(single, "note", "tenant_id", always)).toEqual([]);
    await single.close();
  });

  test("holds a statement to the tenant when nothing else does", async () => {
    const storage = knexStorage({ url: roleUrl, rowLevelSecurity: true });
    await storage.open(fixtureSchema);
    withoutGuard(storage);
    const a = storage.forTenant("a");
    expect(await values(a, "note", "label", always)).toEqual(["Note 1", "Note 2"]);
    expect(await a.transaction((tx) => values(tx, "note", "label", always))).toHaveLength(2);
    expect(await a.transaction((tx) => values(tx, "note", "label", always), { readOnly: true })).toHaveLength(
      2,
    );
    const inSavepoint = a.transaction((tx) =>
      tx.savepoint((inner) => values(inner, "note", "label", always)),
    );
    expect(await inSavepoint).toHaveLength(2);
    const b: Filter = { op: "eq", column: "tenant_id", value: "b" };
    expect(await a.updateWhere("note", b, { label: "taken" })).toEqual({ count: 0 });
    expect(await a.deleteWhere("note", b)).toEqual({ count: 0 });
    const counted = { table: "note", where: always, groupBy: [], orderBy: [], limit: 1 };
    expect(await a.aggregate({ ...counted, measures: [{ as: "n", fn: "count" }] })).toEqual([{ n: 2 }]);
    await expect(a.insertMany("note", [note(8, "b")])).rejects.toMatchObject({ code: "storage-failure" });
    await expect(a.updateWhere("note", always, { tenant_id: "b" })).rejects.toMatchObject({
      code: "storage-failure",
    });
    await storage.close();
  });

  test("tells the error of a statement, and does not keep what failed", async () => {
    const a = app.forTenant("a");
    await expect(a.insertMany("note", [note(1, "a")])).rejects.toMatchObject({ code: "unique-violation" });
    const own: Filter = { op: "eq", column: "tenant_id", value: "a" };
    expect(await values(a, "note", "label", own)).toEqual(["Note 1", "Note 2"]);
    await a.insertMany("note", [note(4, "a")]);
    expect(
      await a.deleteWhere("note", { op: "and", of: [own, { op: "eq", column: "id", value: id(4) }] }),
    ).toEqual({
      count: 1,
    });
  });

  test("needs one round trip for a statement outside transactions", async () => {
    const proxy = await turnCounter(new URL(roleUrl));
    const storage = knexStorage({ url: proxy.url, rowLevelSecurity: true, pool: { min: 1, max: 1 } });
    await storage.open(fixtureSchema);
    const a = storage.forTenant("a");
    const own: Filter = { op: "eq", column: "tenant_id", value: "a" };
    await values(a, "note", "label", own);
    await a.updateWhere("note", own, { account_id: null });
    proxy.turns = 0;
    await values(a, "note", "label", own);
    expect(proxy.turns).toBe(1);
    await a.updateWhere("note", own, { account_id: null });
    expect(proxy.turns).toBe(2);
    await storage.close();
    proxy.close();
  });

  test("refuses a role that it would not hold", async () => {
    const above = await (plain as NonNullable<typeof plain>).create();
    const storage = knexStorage({ url: above.url, rowLevelSecurity: true });
    await migrate(storage);
    await expect(storage.open(fixtureSchema)).rejects.toMatchObject({ code: "row-security-bypassed" });
    await storage.close();
    await above.drop();
  });

  test("is put on tables that exist, and not taken off by who does not ask for it", async () => {
    const other = await (secured as NonNullable<typeof secured>).create();
    const without = knexStorage({ url: other.url });
    await migrate(without);
    await without.open(fixtureSchema);
    await without.forTenant("a").insertMany("note", [note(1, "a")]);
    const within = storageAt(other.url);
    const { steps } = within.schema.plan(await within.schema.inspect(), fixtureSchema);
    expect(steps).toEqual([{ kind: "secureTable", table: "note", column: "tenant_id" }]);
    await within.schema.apply(steps);
    const inspected = await within.schema.inspect();
    expect(within.schema.plan(inspected, fixtureSchema).steps).toEqual([]);
    // With rows that nobody sees without a tenant, a table is not taken for an empty one.
    expect(inspected.tables.find(({ name }) => name === "note")).toMatchObject({
      tenant: "tenant_id",
      empty: false,
    });
    const plan = without.schema.plan(await without.schema.inspect(), fixtureSchema);
    expect(plan.steps).toEqual([]);
    expect(plan.conflicts).toMatchObject([{ table: "note" }]);
    await within.close();
    await without.close();
    await other.drop();
  });

  test("is an option of PostgreSQL alone", () => {
    expect(() => knexStorage({ url: "sqlite::memory:", rowLevelSecurity: true })).toThrow(TypeError);
  });
});
