import { user } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { SWEEP_BATCH } from "../../src/idempotency/sweep.js";
import { onEngines } from "./support/on-engines.js";
import { parcel, parcelItem } from "./support/parcels.js";
import type { Answered, Call, TestApi } from "./support/start.js";

/** 500 keys of 30 requests each: `CORM_IDEMPOTENCY_KEYS=500 npx vitest run packages/core/test/http/idempotency.test.ts`. */
const KEYS = Number(process.env["CORM_IDEMPOTENCY_KEYS"] ?? 10);
const TWINS = 30;

let keys = 0;
const newKey = (): string => `key-${process.pid}-${++keys}`;

onEngines((started) => {
  let api: TestApi;
  let parcelId: string;
  beforeAll(() => {
    api = started();
  });
  beforeEach(async () => {
    ({ id: parcelId } = await api.me.repo(parcel).create({ code: `P${++keys}` }));
  });

  const items = () => api.me.repo(parcelItem).count({ parcelId });
  const add = (key: string, label = "a", call: Call = {}): Promise<Answered> =>
    api.call("POST", "/api/parcel-items", {
      body: { parcelId, label },
      ...call,
      headers: { "idempotency-key": key, ...call.headers },
    });

  it("does a request once, and answers it alike as often as it comes", async () => {
    const key = newKey();
    const first = await add(key);
    expect(first.status).toBe(201);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    for (let n = 0; n < 3; n++) {
      const again = await add(key);
      expect([again.status, again.text]).toEqual([201, first.text]);
      for (const name of ["location", "etag", "content-type"])
        expect(again.headers.get(name), name).toBe(first.headers.get(name));
      expect(again.headers.get("idempotency-replayed")).toBe("true");
      expect(again.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
    }
    expect(await items()).toBe(1);
  });

  it("gives an answer again to nobody whose rights have become others, and does nothing again", async () => {
    const person = await api.me.repo(user).create({ name: "Ada" });
    const rights: { roles: string[]; scopes?: string[] } = { roles: ["admin"] };
    const http = createHttp(api.crm, {
      authenticate: () => ({
        actor: { kind: "user", id: person.id },
        tenant: "test",
        userId: person.id,
        ...rights,
      }),
    });
    const key = newKey();
    const ask = async (path: string, body: object) => {
      const headers = { "content-type": "application/json", "idempotency-key": `${key}${path}` };
      const answer = await http.request(path, { method: "POST", headers, body: JSON.stringify(body) });
      const { code } = (await answer.json()) as { code?: string };
      return [answer.status, code];
    };
    const all = async () => [
      await ask("/api/parcels/query", {}),
      await ask("/api/parcel-items", { parcelId, label: "once" }),
    ];
    expect(await all()).toEqual([
      [200, undefined],
      [201, undefined],
    ]);
    expect(await all()).toEqual([
      [200, undefined],
      [201, undefined],
    ]);
    for (const changed of [
      { roles: [] },
      { roles: ["admin"], scopes: ["account:read"] },
      { roles: ["admin", "user"] },
    ]) {
      Object.assign(rights, { scopes: undefined }, changed);
      if (!("scopes" in changed)) delete rights.scopes;
      expect(await all()).toEqual([
        [409, "answer-not-kept"],
        [409, "answer-not-kept"],
      ]);
    }
    expect(await items()).toBe(1);
  });

  it("L95 does it once however many twins come at the same moment", async () => {
    for (let n = 0; n < KEYS; n++) {
      const key = newKey();
      const before = await items();
      const answers = await Promise.all(Array.from({ length: TWINS }, () => add(key)));
      expect(await items(), key).toBe(before + 1);
      const done = answers.filter(({ status }) => status === 201);
      expect(new Set(done.map(({ text }) => text)).size).toBe(1);
      for (const { status, body, headers } of answers.filter((answer) => !done.includes(answer))) {
        expect([status, body["code"]]).toEqual([409, "in-progress"]);
        expect(headers.get("retry-after")).toBe("1");
      }
      // Whoever was sent away gets the first answer when it comes again.
      expect((await add(key)).text).toBe(done[0]?.text);
    }
  }, 600_000);

  it("refuses a key that belongs to another request", async () => {
    const key = newKey();
    await add(key);
    const mismatch = [422, "idempotency-mismatch"];
    const other = await add(key, "b");
    expect([other.status, other.body["code"]]).toEqual(mismatch);
    const elsewhere = await api.call("POST", "/api/parcels", {
      body: { code: "ELSEWHERE" },
      headers: { "idempotency-key": key },
    });
    expect([elsewhere.status, elsewhere.body["code"]]).toEqual(mismatch);
    expect(await items()).toBe(1);
    expect(await api.me.repo(parcel).count({ code: "ELSEWHERE" })).toBe(0);
  });

  it("keeps the keys of tenants and actors apart", async () => {
    const key = newKey();
    await add(key);
    const { id } = await api.inTenant("other").repo(parcel).create({ code: "P1" });
    const foreign = await api.call("POST", "/api/parcel-items", {
      body: { parcelId: id, label: "a" },
      key: api.foreignKey,
      headers: { "idempotency-key": key },
    });
    expect(foreign.status).toBe(201);
    const { key: second } = await api.newKey("another");
    expect((await add(key, "by another", { key: second })).status).toBe(201);
    expect(await items()).toBe(2);
  });

  it("L95 frees the key of a request that failed", async () => {
    const key = newKey();
    const wrong = await add(key, "");
    expect(wrong.status).toBe(422);
    expect((await add(key, "right")).status).toBe(201);

    const vetoed = newKey();
    const veto = (code: string) =>
      api.call("POST", "/api/parcels", { body: { code }, headers: { "idempotency-key": vetoed } });
    expect((await veto("VETO")).status).toBe(409);
    expect((await veto("CRASH")).status).toBe(500);
    api.errors.length = 0;
    expect((await veto("FINE")).status).toBe(201);
    expect((await veto("FINE")).headers.get("idempotency-replayed")).toBe("true");
    expect(await api.me.repo(parcel).count({ code: "FINE" })).toBe(1);
  });

  it("L95 refuses keys that are none", async () => {
    for (const key of ["", " ", "x".repeat(256), "schlüssel"]) {
      const answer = await add(key);
      expect([answer.status, answer.body["code"]], key).toEqual([400, "invalid-idempotency-key"]);
    }
    expect((await add("x".repeat(255))).status).toBe(201);
    expect(await items()).toBe(1);
  });

  it("holds for actions, restore and what plugins serve", async () => {
    const act = (path: string, key: string, body: unknown = {}, own?: string | null) =>
      api.call("POST", path, {
        body,
        headers: { "idempotency-key": key },
        ...(own === undefined ? {} : { key: own }),
      });
    const sent = newKey();
    const path = `/api/parcels/${parcelId}/send`;
    const input = { at: "2026-01-05T10:00:00.000Z" };
    const first = await act(path, sent, input);
    const { version } = await api.me.repo(parcel).get(parcelId);
    expect((await act(path, sent, input)).text).toBe(first.text);
    expect((await api.me.repo(parcel).get(parcelId)).version).toBe(version);

    const restored = newKey();
    await api.me.repo(parcel).delete(parcelId);
    expect((await act(`/api/parcels/${parcelId}/restore`, restored, "")).status).toBe(200);
    expect((await act(`/api/parcels/${parcelId}/restore`, restored, "")).status).toBe(200);

    const closed = newKey();
    expect((await act("/api/actions/parcels.close-day", closed)).status).toBe(204);
    expect((await act("/api/actions/parcels.close-day", closed)).status).toBe(204);

    // Codes are unique: what is done twice collides.
    const dropped = newKey();
    const body = { code: `D${++keys}` };
    const { text } = await act("/public/drop-off", dropped, body, null);
    expect((await act("/public/drop-off", dropped, body, null)).text).toBe(text);
    const wrapped = newKey();
    const atomic = await act("/api/parcels/pair", wrapped, { code: `W${++keys}` });
    expect(atomic.status).toBe(200);
    expect((await act("/api/parcels/pair", wrapped, { code: `W${keys}` })).text).toBe(atomic.text);
  });

  it("outlives the process that answered", async () => {
    const key = newKey();
    const first = await add(key);
    const other = createHttp(api.crm, { tenants: ["test"] });
    const again = await other.request("/api/parcel-items", {
      method: "POST",
      headers: {
        authorization: `Bearer ${api.key}`,
        "content-type": "application/json",
        "idempotency-key": key,
      },
      body: JSON.stringify({ parcelId, label: "a" }),
    });
    expect(await again.text()).toBe(first.text);
  });

  describe("in time", () => {
    it("forgets after a day, and clears away what it forgot", async () => {
      const key = newKey();
      await add(key);
      api.clock.advance(24 * 60 * 60 * 1000 - 1);
      expect((await add(key)).headers.get("idempotency-replayed")).toBe("true");
      api.clock.advance(1);
      expect((await add(key)).headers.get("idempotency-replayed")).toBeNull();
      expect(await items()).toBe(2);
      await add(newKey());
      api.clock.advance(25 * 60 * 60 * 1000);
      // As many requests as it takes, since each clears away a part.
      const requests = 1 + Math.ceil(KEYS / SWEEP_BATCH);
      for (let n = 0; n < requests; n++) await add(newKey());
      expect(await kept()).toBe(requests);
    });
  });

  async function kept(): Promise<number> {
    const rows = await api.crm.runtime.storage.acrossTenants("test").findMany({
      table: "corm_idempotency",
      columns: ["id"],
      where: { op: "eq", column: "tenant_id", value: "test" },
      orderBy: [],
      limit: 500,
    });
    return rows.length;
  }
});
