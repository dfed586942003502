import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { onEngines } from "./support/on-engines.js";
import { parcel } from "./support/parcels.js";
import { type Json, startApi, type TestApi } from "./support/start.js";

let codes = 0;
const newCode = (): string => `B${String(++codes).padStart(5, "0")}`;

interface Line {
  readonly op: string;
  readonly status: number;
  readonly etag?: string;
  readonly data?: Json;
  readonly problem?: Json;
}

onEngines((started) => {
  let api: TestApi;
  let known: Json[];
  beforeAll(() => {
    api = started();
  });
  beforeEach(async () => {
    known = (await api.me
      .repo(parcel)
      .createMany([newCode(), newCode(), newCode()].map((code) => ({ code })))) as unknown as Json[];
  });

  const batch = async (operations: readonly Json[], more: Json = {}) => {
    const { status, body } = await api.call("POST", "/api/parcels/batch", { body: { operations, ...more } });
    return { status, body, lines: (body["results"] ?? []) as Line[] };
  };
  const count = () => api.me.repo(parcel).count();
  const create = (data: Json = {}): Json => ({ op: "create", data: { code: newCode(), ...data } });
  const update = (i: number, data: Json, version?: number): Json => ({
    op: "update",
    id: known[i]?.["id"],
    data,
    ...(version === undefined ? {} : { version }),
  });
  const remove = (i: number, version?: number): Json => ({
    op: "delete",
    id: known[i]?.["id"],
    ...(version === undefined ? {} : { version }),
  });

  it("does everything in order, and answers a result for each", async () => {
    const made = create({ weight: 1 });
    const { status, lines } = await batch([
      made,
      update(0, { weight: 2 }),
      update(1, { weight: 3 }, 1),
      update(0, { weight: 4 }),
      remove(2, 1),
      create(),
    ]);
    expect(status).toBe(200);
    expect(lines.map((line) => [line.op, line.status])).toEqual([
      ["create", 201],
      ["update", 200],
      ["update", 200],
      ["update", 200],
      ["delete", 204],
      ["create", 201],
    ]);
    expect(lines.map((line) => line.data?.["weight"])).toEqual([1, 2, 3, 4, undefined, null]);
    expect(lines[0]?.data).toMatchObject(made["data"] as Json);
    // A tag of a batch is a tag like any other.
    const last = lines[3] as Line;
    const id = last.data?.["id"] as string;
    const change = { body: { weight: 5 }, headers: { "if-match": last.etag as string } };
    expect((await api.call("PATCH", `/api/parcels/${id}`, change)).status).toBe(200);
    await api.fails(404, "not-found", "GET", `/api/parcels/${known[2]?.["id"] as string}`);
  });

  it("is all or nothing, and points at what failed", async () => {
    const before = await api.me.repo(parcel).find({ limit: 500 });
    const cases: readonly (readonly [readonly Json[], number, string, string])[] = [
      [[create(), create({ weight: -1 })], 422, "validation-failed", "/operations/1/data/weight"],
      [[create(), create({ wieght: 1 }), create()], 400, "unknown-field", "/operations/1/data/wieght"],
      [[create(), create({ code: "VETO" }), create()], 409, "address-refused", "/operations/1"],
      [[update(0, { weight: 1 }), update(1, { weight: 1 }, 7)], 412, "version-conflict", "/operations/1"],
      [[create(), remove(0), remove(1, 9)], 412, "version-conflict", "/operations/2"],
      [
        [create(), { op: "delete", id: "01941f29-7c00-7000-8000-00000000dead" }],
        404,
        "not-found",
        "/operations/1",
      ],
      [
        [...Array.from({ length: 20 }, () => create()), { op: "delete", id: "nonsense" }],
        404,
        "not-found",
        "/operations/20",
      ],
      [[create(), create({ code: known[1]?.["code"] })], 409, "unique-violation", "/operations/1"],
      [
        [update(0, { price: { amount: "1", currency: "EUR" } }), update(1, { price: { amount: "x" } })],
        422,
        "validation-failed",
        "/operations/1/data/price",
      ],
    ];
    for (const [operations, status, code, pointer] of cases) {
      const answer = await batch(operations);
      expect([answer.status, answer.body["code"]], JSON.stringify(answer.body)).toEqual([status, code]);
      const [first] = answer.body["errors"] as Json[];
      expect(first?.["pointer"]).toMatch(new RegExp(`^${pointer}(/|$)`));
    }
    expect(await api.me.repo(parcel).find({ limit: 500 })).toEqual(before);
  });

  it("leaves out what fails where that is wanted", async () => {
    const before = await count();
    const twin = newCode();
    const { status, lines } = await batch(
      [
        create(),
        create({ weight: -1 }),
        create({ code: "VETO" }),
        create({ code: twin }),
        create({ code: twin }),
        update(0, { weight: 7 }),
        update(1, { weight: 7 }, 9),
        { op: "update", id: "01941f29-7c00-7000-8000-00000000dead", data: { weight: 1 } },
        remove(2),
      ],
      { atomic: false },
    );
    expect(status).toBe(200);
    expect(lines.map((line) => line.status)).toEqual([201, 422, 409, 201, 409, 200, 412, 404, 204]);
    expect(lines[1]?.problem).toMatchObject({
      code: "validation-failed",
      errors: [{ pointer: "/operations/1/data/weight" }],
    });
    expect(lines[4]?.problem).toMatchObject({ code: "unique-violation" });
    expect(await count()).toBe(before + 1);
    expect((await api.me.repo(parcel).get(known[0]?.["id"] as string)).weight).toBe(7);
  });

  it("does a thousand operations, and refuses more", async () => {
    const before = await count();
    const many = Array.from({ length: 1000 }, () => create());
    expect((await batch(many)).lines.filter((line) => line.status === 201)).toHaveLength(1000);
    expect(await count()).toBe(before + 1000);
    const { status, body } = await batch([...many, create()]);
    expect([status, body["code"]]).toEqual([400, "invalid-body"]);
  });

  it("fails as a whole where the server is to blame", async () => {
    const before = await count();
    const { status, body } = await batch([create(), create({ code: "CRASH" })], { atomic: false });
    expect([status, body["code"]]).toEqual([500, "internal-error"]);
    expect(api.errors).toHaveLength(1);
    api.errors.length = 0;
    expect(await count()).toBe(before);
  });

  it("touches nothing of another tenant", async () => {
    const call = { key: api.foreignKey, body: { operations: [create(), update(0, { weight: 9 })] } };
    await api.fails(404, "not-found", "POST", "/api/parcels/batch", call);
    await api.fails(404, "not-found", "POST", "/api/parcels/batch", {
      ...call,
      body: { operations: [remove(0)] },
    });
    expect(await api.me.repo(parcel).get(known[0]?.["id"] as string)).toMatchObject({ version: 1 });
  });

  it("refuses what is no batch", async () => {
    const wrong: readonly unknown[] = [
      {},
      { operations: [] },
      { operations: {} },
      { operations: [null] },
      { operations: [{ op: "purge", id: known[0]?.["id"] }] },
      { operations: [{ op: "__proto__" }] },
      { operations: [{ op: "create" }] },
      { operations: [{ op: "create", data: [] }] },
      { operations: [{ op: "create", data: {}, id: "x" }] },
      { operations: [{ op: "update", data: {} }] },
      { operations: [{ op: "update", id: 7, data: {} }] },
      { operations: [{ op: "delete", id: known[0]?.["id"], version: "1" }] },
      { operations: [{ op: "delete", id: known[0]?.["id"], version: 0 }] },
      { operations: [create()], atomic: "yes" },
      { operations: [create()], dryRun: true },
    ];
    const before = await count();
    for (const body of wrong) await api.fails(400, "invalid-body", "POST", "/api/parcels/batch", { body });
    expect(await count()).toBe(before);
  });

  it("is done once under a key", async () => {
    const before = await count();
    const call = { body: { operations: [create(), create()] }, headers: { "idempotency-key": newCode() } };
    const first = await api.call("POST", "/api/parcels/batch", call);
    expect((await api.call("POST", "/api/parcels/batch", call)).text).toBe(first.text);
    expect(await count()).toBe(before + 2);
  });
});

describe("a host that asks for versions", () => {
  it("refuses changes that name none", async () => {
    const api = await startApi({ tenants: ["test", "other"], requireIfMatch: true });
    const { id } = await api.me.repo(parcel).create({ code: "RQ1" });
    const path = `/api/parcels/${id}`;
    const required = [428, "if-match-required"] as const;
    await api.fails(...required, "PATCH", path, { body: { weight: 1 } });
    await api.fails(...required, "PATCH", path, { body: { box: { width: 1 } } });
    await api.fails(...required, "DELETE", path);
    await api.fails(...required, "DELETE", `${path}?purge=true`);
    await api.fails(...required, "POST", `${path}/send`, { body: { at: "2026-01-05T10:00:00Z" } });
    await api.fails(...required, "POST", `${path}/restore`);
    const batch = (operation: Json) => ({ body: { operations: [operation] } });
    await api.fails(...required, "POST", "/api/parcels/batch", batch({ op: "delete", id }));
    await api.fails(...required, "POST", "/api/parcels/batch", batch({ op: "update", id, data: {} }));
    expect((await api.me.repo(parcel).get(id)).version).toBe(1);

    expect((await api.call("POST", `${path}/weigh`)).status).toBe(200);
    const tag = (await api.call("GET", path)).headers.get("etag") as string;
    const headers = { "if-match": tag };
    expect((await api.call("PATCH", path, { body: { weight: 1 }, headers })).status).toBe(200);
    await api.fails(412, "version-conflict", "PATCH", path, { body: { weight: 2 }, headers });
    const second = batch({ op: "delete", id, version: 2 });
    expect((await api.call("POST", "/api/parcels/batch", second)).status).toBe(200);
    await api.crm.stop();
  });
});
