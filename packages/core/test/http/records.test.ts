import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Json, startApi, type TestApi } from "./support/start.js";

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.crm.stop());

let codes = 0;
async function made(input: Json = {}): Promise<Json> {
  codes += 1;
  const { status, body } = await api.call("POST", "/api/parcels", { body: { code: `R${codes}`, ...input } });
  expect(status).toBe(201);
  return body;
}
const pathOf = (record: Json) => `/api/parcels/${record["id"]}`;
const ABSENT = "/api/parcels/01941f29-7c00-7000-8000-00000000dead";

describe("creating", () => {
  it("answers the record, where it is and which version it has", async () => {
    const { status, headers, body } = await api.call("POST", "/api/parcels", {
      body: {
        code: "FULL",
        note: "Grüße 你好 🚚",
        weight: 12,
        rating: 4.5,
        fragile: true,
        dueOn: "2026-03-01",
        sentAt: "2026-03-01T10:30:00+01:00",
        price: { amount: "12.5", currency: "EUR" },
        box: { width: 3 },
      },
    });
    expect(status).toBe(201);
    expect(headers.get("location")).toBe(pathOf(body));
    expect(headers.get("etag")).toMatch(/^".+"$/);
    expect(body).toMatchObject({
      tenantId: "test",
      version: 1,
      deletedAt: null,
      state: "open",
      note: "Grüße 你好 🚚",
      sentAt: "2026-03-01T09:30:00.000Z",
      price: { amount: "12.50", currency: "EUR" },
      box: { width: 3 },
      accountId: null,
    });
    expect((await api.call("GET", headers.get("location") as string)).body).toEqual(body);
  });

  it("points at every wrong value", async () => {
    const { body } = await api.fails(422, "validation-failed", "POST", "/api/parcels", {
      body: {
        weight: "heavy",
        dueOn: "2026-02-30",
        price: { amount: "1.234", currency: "EUR" },
        state: "gone",
      },
    });
    const pointers = (body["errors"] as { pointer: string }[]).map((issue) => issue.pointer);
    expect(pointers).toEqual(expect.arrayContaining(["/dueOn", "/price"]));
    const { body: second } = await api.fails(422, "validation-failed", "POST", "/api/parcels", {
      body: { weight: "heavy", state: "gone" },
    });
    const places = (second["errors"] as { pointer: string }[]).map((issue) => issue.pointer);
    expect(places.toSorted()).toEqual(["/code", "/state", "/weight"]);
  });

  it("refuses what it does not know, what is not the caller's to set, and what is there already", async () => {
    await api.fails(400, "unknown-field", "POST", "/api/parcels", { body: { code: "X1", wieght: 1 } });
    for (const field of ["id", "tenantId", "version", "deletedAt"])
      await api.fails(400, "unknown-field", "POST", "/api/parcels", { body: { code: "X1", [field]: "x" } });
    await made({ code: "TWICE" });
    await api.fails(409, "unique-violation", "POST", "/api/parcels", { body: { code: "TWICE" } });
    await api.fails(422, "validation-failed", "POST", "/api/parcels", {
      body: { code: "X2", accountId: "01941f29-7c00-7000-8000-00000000dead" },
    });
  });

  it("passes on what a hook vetoes with", async () => {
    const { body } = await api.fails(409, "address-refused", "POST", "/api/parcels", {
      body: { code: "VETO" },
    });
    expect(body["detail"]).toBe("Parcel VETO goes nowhere.");
  });
});

const tagOf = async (record: Json): Promise<string> =>
  (await api.call("GET", pathOf(record))).headers.get("etag") as string;

describe("reading", () => {
  it("answers 304 to whoever has the version, and 200 to others", async () => {
    const record = await made();
    const { headers } = await api.call("GET", pathOf(record));
    const etag = headers.get("etag") as string;
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await api.call("GET", pathOf(record), { headers: { "if-none-match": tag } });
      expect([again.status, again.text, again.headers.get("etag")]).toEqual([304, "", etag]);
    }
    expect((await api.call("GET", pathOf(record), { headers: { "if-none-match": '"v9"' } })).status).toBe(
      200,
    );
    const withRelation = { headers: { "if-none-match": etag } };
    expect((await api.call("GET", `${pathOf(record)}?include=items`, withRelation)).status).toBe(200);
  });

  it("brings relations along", async () => {
    const { body: account } = await api.call("POST", "/api/accounts", { body: { name: "Turin Yard" } });
    const record = await made({ accountId: account["id"] });
    await api.call("POST", "/api/parcel-items", { body: { parcelId: record["id"], label: "Book" } });
    const { body } = await api.call("GET", `${pathOf(record)}?include=account,items`);
    expect(body).toMatchObject({ account: { name: "Turin Yard" }, items: [{ label: "Book" }] });
    expect((await api.call("GET", `${pathOf(await made())}?include=account`)).body["account"]).toBeNull();
  });

  it("answers HEAD without a body", async () => {
    const { status, text, headers } = await api.call("HEAD", pathOf(await made()));
    expect([status, text]).toEqual([200, ""]);
    expect(headers.get("etag")).not.toBeNull();
  });

  it("answers the same to absent records and to those of another tenant", async () => {
    const record = await made();
    const foreign = { key: api.foreignKey };
    const absent = await api.fails(404, "not-found", "GET", ABSENT, foreign);
    const known = { ...foreign, headers: { "if-none-match": await tagOf(record) } };
    const hidden = await api.fails(404, "not-found", "GET", pathOf(record), known);
    const plain = (text: string) => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "id");
    expect(plain(hidden.text)).toBe(plain(absent.text));
  });
});

describe("changing", () => {
  it("keeps what the patch leaves out, and clears what it says is null", async () => {
    const record = await made({ note: "soft", weight: 3 });
    const { status, body, headers } = await api.call("PATCH", pathOf(record), {
      body: { note: null, rating: 1 },
      headers: { "content-type": "application/merge-patch+json" },
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ note: null, weight: 3, rating: 1, version: 2 });
    expect((await api.call("GET", pathOf(record))).headers.get("etag")).toBe(headers.get("etag"));
    await api.fails(422, "validation-failed", "PATCH", pathOf(record), { body: { state: null } });
    await api.fails(422, "validation-failed", "PATCH", pathOf(record), { body: { code: "OTHER" } });
    await api.fails(400, "unknown-field", "PATCH", pathOf(record), { body: { version: 7 } });
    await api.fails(404, "not-found", "PATCH", ABSENT, { body: { note: "x" } });
  });

  it("merges into money and JSON values, as RFC 7396 says", async () => {
    const record = await made({ price: { amount: "5.00", currency: "EUR" }, box: { width: 1, lid: "red" } });
    const created = await tagOf(record);
    const first = await api.call("PATCH", pathOf(record), {
      body: { price: { amount: "7" }, box: { lid: null, height: 2 } },
    });
    expect(first.body).toMatchObject({ price: { amount: "7.00", currency: "EUR" } });
    expect(first.body["box"]).toEqual({ width: 1, height: 2 });
    const polluting = '{"box": {"__proto__": {"polluted": true}, "width": 4}}';
    expect((await api.call("PATCH", pathOf(record), { body: polluting })).status).toBe(200);
    expect(({} as Json)["polluted"]).toBeUndefined();
    const stale = { body: { box: { width: 9 } }, headers: { "if-match": created } };
    await api.fails(412, "version-conflict", "PATCH", pathOf(record), stale);
    await api.fails(404, "not-found", "PATCH", ABSENT, { body: { box: { width: 9 } } });
  });

  it("changes only the version that the caller has seen", async () => {
    const record = await made();
    const etag = (await api.call("GET", pathOf(record))).headers.get("etag") as string;
    const change = (ifMatch: string) => ({ body: { weight: codes++ }, headers: { "if-match": ifMatch } });
    expect((await api.call("PATCH", pathOf(record), change(etag))).status).toBe(200);
    const current = await tagOf(record);
    for (const tag of [etag, '"nonsense"', "garbage", `W/${current}`, `"a", "b"`, '"v2"', current.slice(1)])
      await api.fails(412, "version-conflict", "PATCH", pathOf(record), change(tag));
    expect((await api.call("PATCH", pathOf(record), change(`"nonsense", ${current}`))).status).toBe(200);
    expect((await api.call("PATCH", pathOf(record), change("*"))).status).toBe(200);
    expect((await api.call("GET", pathOf(record))).body["version"]).toBe(4);
  });

  it("has tags that tell nothing, and are good for one record", async () => {
    const tags = new Set<string>();
    const [one, two] = [await made(), await made()];
    for (const record of [one, two]) {
      for (let n = 0; n < 3; n++) {
        const tag = await tagOf(record);
        expect(tag).toMatch(/^"[\w-]{22}"$/);
        tags.add(tag);
        await api.call("PATCH", pathOf(record), { body: { weight: codes++ } });
      }
    }
    expect(tags.size).toBe(6);
    const foreign = { body: { weight: 1 }, headers: { "if-match": await tagOf(two) } };
    await api.fails(412, "version-conflict", "PATCH", pathOf(one), foreign);
  });

  it("cannot be done from another tenant", async () => {
    const record = await made();
    const foreign = { key: api.foreignKey };
    await api.fails(404, "not-found", "PATCH", pathOf(record), { ...foreign, body: { weight: 1 } });
    await api.fails(404, "not-found", "PATCH", pathOf(record), { ...foreign, body: { box: { width: 1 } } });
    await api.fails(404, "not-found", "DELETE", pathOf(record), foreign);
    await api.fails(404, "not-found", "DELETE", `${pathOf(record)}?purge=true`, foreign);
    await api.fails(404, "not-found", "POST", `${pathOf(record)}/restore`, foreign);
    expect((await api.call("GET", pathOf(record))).body).toEqual(record);
  });
});

describe("deleting", () => {
  it("goes through the recycle bin", async () => {
    const record = await made();
    const tag = await tagOf(record);
    const stale = { headers: { "if-match": await tagOf(await made()) } };
    await api.fails(412, "version-conflict", "DELETE", pathOf(record), stale);
    const { status, text } = await api.call("DELETE", pathOf(record), { headers: { "if-match": tag } });
    expect([status, text]).toEqual([204, ""]);
    await api.fails(404, "not-found", "GET", pathOf(record));
    await api.fails(404, "not-found", "DELETE", pathOf(record));
    // Whoever holds a tag of it learns nothing of what is in the bin.
    const read = { headers: { "if-none-match": tag } };
    await api.fails(404, "not-found", "GET", pathOf(record), read);
    await api.fails(412, "version-conflict", "POST", `${pathOf(record)}/restore`, {
      headers: { "if-match": tag },
    });
    const restored = await api.call("POST", `${pathOf(record)}/restore`);
    expect(restored.body).toMatchObject({ id: record["id"], deletedAt: null });
    expect(restored.headers.get("etag")).not.toBeNull();
    expect((await api.call("GET", pathOf(record))).status).toBe(200);
  });

  it("is for good with purge=true", async () => {
    const record = await made();
    const tag = await tagOf(record);
    await api.call("DELETE", pathOf(record));
    await api.fails(412, "version-conflict", "DELETE", `${pathOf(record)}?purge=true`, {
      headers: { "if-match": tag },
    });
    expect((await api.call("DELETE", `${pathOf(record)}?purge=true`)).status).toBe(204);
    await api.fails(404, "not-found", "POST", `${pathOf(record)}/restore`);
    await api.fails(404, "not-found", "DELETE", `${pathOf(record)}?purge=true`);
    await api.fails(400, "invalid-parameter", "DELETE", `${pathOf(record)}?purge=yes`);
  });
});
