import { beforeAll, expect, it } from "vitest";
import { folder } from "../access/support/vault.js";
import { onDatabases } from "../support/apps.js";
import { makeScene, plugins, restrictions, roles, type Scene, sameBytes } from "./support.js";

/** Every place of a request that may name a field. */
const POSITIONS: Readonly<
  Record<string, (call: Scene["call"], field: string, id: string) => ReturnType<Scene["call"]>>
> = {
  "fields=": (call, field) => call("GET", `/api/folders?fields=name,${field}`),
  "filter eq": (call, field) => call("GET", `/api/folders?filter[${field}]=pin-canary`),
  "filter startsWith": (call, field) => call("GET", `/api/folders?filter[${field}][startsWith]=p`),
  "filter isNull": (call, field) => call("GET", `/api/folders?filter[${field}][isNull]=false`),
  "filter nested": (call, field) =>
    call("POST", "/api/folders/query", {
      body: { where: { not: { or: [{ name: "a" }, { [field]: "x" }] } } },
    }),
  "filter through a relation": (call, field) => call("GET", `/api/papers?filter[folder.${field}]=pin-canary`),
  "filter of a quantifier": (call, field) =>
    call("POST", "/api/folders/query", {
      body: { where: { papers: { some: { folder: { [field]: "x" } } } } },
    }),
  sort: (call, field) => call("GET", `/api/folders?sort=-${field}`),
  "sort in JSON": (call, field) => call("POST", "/api/folders/query", { body: { sort: [field] } }),
  group: (call, field) =>
    call("POST", "/api/folders/aggregate", { body: { groupBy: [field], measures: { n: { count: true } } } }),
  max: (call, field) => call("POST", "/api/folders/aggregate", { body: { measures: { m: { max: field } } } }),
  "count distinct": (call, field) =>
    call("POST", "/api/folders/aggregate", { body: { measures: { m: { countDistinct: field } } } }),
  "measure where": (call, field) =>
    call("POST", "/api/folders/aggregate", {
      body: { measures: { n: { count: true, where: { [field]: "x" } } } },
    }),
  include: (call, field) => call("GET", `/api/folders?include=${field}`),
  create: (call, field) => call("POST", "/api/folders", { body: { name: "n", [field]: "x" } }),
  update: (call, field, id) =>
    call("PATCH", `/api/folders/${id}`, { body: { name: "changed", [field]: "x" } }),
  "export column": (call, field) => call("GET", `/api/folders/export?format=csv&fields=name,${field}`),
  "export filter": (call, field) => call("GET", `/api/folders/export?format=csv&filter[${field}]=x`),
};

onDatabases({ plugins, roles, restrictions }, (app) => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await makeScene(app());
  });

  for (const [position, ask] of Object.entries(POSITIONS)) {
    for (const field of ["pin", "hash"]) {
      it(`C29–C35 a ${field === "hash" ? "secret" : "hidden"} field is an unknown one: ${position}`, async () => {
        const { call, own, untouched } = scene;
        await untouched(async () => {
          const [hidden, absent] = [await ask(call, field, own.id), await ask(call, "qqqqq", own.id)];
          expect([hidden.status, hidden.body["code"]]).toEqual([400, "unknown-field"]);
          const plain = (text: string, name: string) =>
            sameBytes(text, `"${name}"`, `\\"${name}\\"`, `/${name}`).replace(/ Did you mean [^?]*\?/, "");
          expect(plain(hidden.text, field)).toBe(plain(absent.text, "qqqqq"));
          expect(hidden.text).not.toContain("canary");
        });
      });
    }
  }

  it("C29 a list leaves hidden and secret fields out, also for the administrator", async () => {
    const { call, as } = await makeScene(app());
    const list = await call("GET", "/api/folders");
    expect(list.status).toBe(200);
    expect(list.text).not.toContain("canary");
    expect(Object.keys((list.body["data"] as object[])[0] ?? {})).not.toContain("pin");
    const admin = await call("GET", "/api/folders", { roles: ["admin"] });
    expect(admin.text).toContain("pin-canary");
    expect(admin.text).not.toContain("hash");
    expect((await call("GET", "/api/folders/export?format=ndjson", { roles: ["admin"] })).text).not.toContain(
      "hash-canary",
    );
    await expect(
      as("u1", "admin")
        .repo(folder)
        .find({ where: { hash: "x" } as never }),
    ).rejects.toThrow(/no field/);
    await expect(as("u1", "admin").repo(folder).create({ name: "n", hash: "x" })).rejects.toThrow(/no field/);
  });

  it("C29 what a write answers shows no more than a read", async () => {
    const { call, own, as } = await makeScene(app());
    const changed = await call("PATCH", `/api/folders/${own.id}`, { body: { name: "changed" } });
    expect(changed.status).toBe(200);
    expect(changed.text).not.toContain("canary");
    const [row] = await as("u1", "rep")
      .repo(folder)
      .updateMany([{ id: own.id, patch: { name: "again" } }]);
    expect(JSON.stringify(row)).not.toContain("canary");
  });

  it("C31 a cursor made for a field that is hidden by now is refused", async () => {
    const { system, as } = await makeScene(app());
    await system.repo(folder).createMany([
      { name: "x", pin: "a" },
      { name: "y", pin: "b" },
    ]);
    const page = await as("u1", "admin")
      .repo(folder)
      .find({ orderBy: ["pin"], limit: 1 });
    const mine = as("u1", "rep").repo(folder);
    await expect(mine.find({ orderBy: ["pin"], after: page.next })).rejects.toThrow(/no field "pin"/);
    await expect(mine.find({ orderBy: ["name"], after: page.next })).rejects.toThrow(/cursor/i);
  });

  it("C34 a masked field shows in answers, and nowhere else", async () => {
    const { call, own } = await makeScene(app());
    const asked = { roles: ["masked"] };
    const { body } = await call("GET", `/api/folders/${own.id}`, asked);
    expect(body["pin"]).toBe("***nary");
    for (const query of ["filter[pin]=pin-canary", "sort=pin", "filter[pin][startsWith]=p"]) {
      expect((await call("GET", `/api/folders?${query}`, asked)).body["code"]).toBe("unknown-field");
    }
    const group = { groupBy: ["pin"], measures: { n: { count: true } } };
    expect((await call("POST", "/api/folders/aggregate", { ...asked, body: group })).body["code"]).toBe(
      "unknown-field",
    );
    expect((await call("GET", "/api/folders?search=canary", asked)).body["data"]).toEqual([]);
    expect((await call("GET", "/api/folders?search=canary", { roles: ["admin"] })).body["data"]).toHaveLength(
      2,
    );
  });

  it("C36 what core keeps, and what may only be read, is not written", async () => {
    const { call, own, untouched } = await makeScene(app());
    await untouched(async () => {
      for (const field of ["id", "tenantId", "createdAt", "updatedAt", "version", "deletedAt", "rank"]) {
        const patch = await call("PATCH", `/api/folders/${own.id}`, { body: { name: "x", [field]: 1 } });
        expect([patch.status, patch.body["code"]], field).toEqual([400, "unknown-field"]);
        const post = await call("POST", "/api/folders", { body: { name: "x", [field]: 1 } });
        expect(post.status, field).toBe(400);
      }
    });
  });

  it("oracles: a count, a sum and a unique key tell nothing of hidden records but that a key is taken", async () => {
    const { call, as, untouched } = await makeScene(app());
    const counted = await call("GET", "/api/folders?count=true");
    expect((counted.body["page"] as { total: number }).total).toBe(1);
    const sum = { measures: { s: { sum: "rank" }, m: { max: "rank" } } };
    expect((await call("POST", "/api/folders/aggregate", { body: sum })).body["data"]).toEqual([
      { s: 1, m: 1 },
    ]);
    await untouched(async () => {
      const taken = await call("POST", "/api/folders", { body: { name: "foreign" } });
      expect([taken.status, taken.body["code"]]).toEqual([409, "unique-violation"]);
      expect(taken.text).not.toMatch(
        /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}.*[0-9a-f]{8}-/,
      );
      await expect(
        as("u1", "rep")
          .repo(folder)
          .upsertMany([{ name: "foreign" }], ["name"]),
      ).rejects.toThrow(/already has the same/);
    });
  });
});
