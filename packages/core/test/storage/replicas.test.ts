import { account, crmCore, issueApiKey, type StorageAdapter } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { missing, type Replicated, replicatedPostgres } from "./support/replicated-postgres.js";

const PATIENCE = 120_000;
if (missing !== undefined) console.info(`skipped: ${missing}`);

describe.skipIf(missing !== undefined)("PostgreSQL with a replica", () => {
  let servers: Replicated;
  let storage: StorageAdapter;
  let app: Awaited<ReturnType<typeof createTestCrm>>;
  let ask: (path: string, init?: RequestInit & { headers?: Record<string, string> }) => Promise<Response>;

  beforeAll(async () => {
    servers = await replicatedPostgres();
    storage = knexStorage({ url: servers.primary, replicas: [servers.replica] });
    app = await createTestCrm({ storage, plugins: [crmCore()] });
    const { key } = await issueApiKey(app.me, { name: "k", roles: ["admin"] });
    const http = createHttp(app.crm, { tenants: ["test"] });
    ask = async (path, init = {}) =>
      http.request(path, {
        ...init,
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json", ...init.headers },
      });
    await servers.caughtUp();
  }, PATIENCE);
  afterAll(async () => {
    await app?.crm.stop();
    await servers?.drop();
  }, PATIENCE);

  const make = async (name: string) => {
    const made = await ask("/api/accounts", { method: "POST", body: JSON.stringify({ name }) });
    expect(made.status).toBe(201);
    return {
      id: ((await made.json()) as { id: string }).id,
      at: made.headers.get("corm-written-at") as string,
    };
  };
  const status = async (id: string, headers: Record<string, string> = {}) =>
    (await ask(`/api/accounts/${id}`, { headers })).status;

  it("answers from the replica what allows it, and never an older state than was written", async () => {
    await servers.pause();
    const first = await make("Written while the replica stands still");
    expect(first.at).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
    // Without a word on it, and with what was written, it is there.
    expect(await status(first.id)).toBe(200);
    expect(await status(first.id, { "corm-read-after": first.at })).toBe(200);
    expect(await status(first.id, { cookie: `corm-written=${first.at}` })).toBe(200);
    expect(
      await status(first.id, { "corm-read-after": "any", cookie: `x=1; corm-written=${first.at}` }),
    ).toBe(200);
    expect(await status(first.id, { "corm-read-after": "0/0", cookie: `corm-written=${first.at}` })).toBe(
      200,
    );
    expect(await status(first.id, { "corm-read-after": "nonsense" })).toBe(200);
    // The control: whoever takes what there is does not see it.
    expect(await status(first.id, { "corm-read-after": "any" })).toBe(404);
    expect(await status(first.id, { "corm-read-after": "0/1" })).toBe(404);
    await servers.resume();
    await servers.caughtUp();
    expect(await status(first.id, { "corm-read-after": "any" })).toBe(200);
    expect(await status(first.id, { "corm-read-after": first.at })).toBe(200);
  });

  it("reads what the same work has written, and tells browsers by a cookie", async () => {
    await servers.pause();
    const { replicas } = storage;
    const repo = app.me.repo(account);
    const seen = await replicas?.run("any", async (reads) => {
      const before = await repo.count({ name: "Own" });
      expect(await reads.written()).toBeNull();
      await repo.create({ name: "Own" });
      return [before, await repo.count({ name: "Own" }), await reads.written()];
    });
    expect(seen).toEqual([0, 1, expect.stringMatching(/\//)]);
    expect(await replicas?.run("any", () => repo.count({ name: "Own" }))).toBe(0);
    expect(await replicas?.run(String(seen?.[2]), () => repo.count({ name: "Own" }))).toBe(1);
    // Outside of such work, and in transactions, the primary alone is asked.
    expect(await repo.count({ name: "Own" })).toBe(1);
    const inside = () => app.me.transaction((tx) => tx.repo(account).count({ name: "Own" }));
    expect(await replicas?.run("any", inside)).toBe(1);
    const made = await ask("/api/accounts", {
      ...{ method: "POST", body: JSON.stringify({ name: "B" }), headers: { cookie: "theme=dark" } },
    });
    expect(made.headers.get("set-cookie")).toBe(
      `corm-written=${made.headers.get("corm-written-at")}; Path=/; HttpOnly; SameSite=Lax`,
    );
    await servers.resume();
    await servers.caughtUp();
  });

  it("goes on without a replica that is gone", async () => {
    const { id } = await make("Here");
    await servers.caughtUp();
    await servers.stopReplica();
    for (let n = 0; n < 3; n++) expect(await status(id, { "corm-read-after": "any" })).toBe(200);
    expect((await ask("/readyz")).status).toBe(200);
  });
});

it("takes replicas of PostgreSQL alone", () => {
  expect(() => knexStorage({ url: "sqlite::memory:", replicas: ["postgres://a/b"] })).toThrow(
    /leave replicas out/,
  );
  expect(() => knexStorage({ url: "postgres://a/b", replicas: ["mysql://a/b"] })).toThrow(/postgres:/);
});
