import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parcel } from "./support/parcels.js";
import { startApi, type TestApi } from "./support/start.js";

let api: TestApi;
let id: string;
beforeAll(async () => {
  api = await startApi({
    tenants: ["test", "other"],
    clientAddress: (c) => c.req.header("x-real-ip"),
  });
  ({ id } = await api.me.repo(parcel).create({ code: "A 1/ä" }));
});
afterAll(() => api.crm.stop());

const form = { "content-type": "application/x-www-form-urlencoded" };

describe("public routes", () => {
  it("answer without a credential, with what the plugin says of caching", async () => {
    const { status, text, headers } = await api.call("GET", "/public/track/unknown%20%C3%A4", {
      key: null,
      headers: { "x-real-ip": "192.0.2.7" },
    });
    expect([status, text]).toEqual([200, "unknown ä: unknown, public from 192.0.2.7"]);
    expect(headers.get("cache-control")).toBe("max-age=60");
    expect(headers.get("vary")).toBeNull();
  });

  it("read JSON and forms by their schema", async () => {
    const json = await api.call("POST", "/public/drop-off", { key: null, body: { code: "J1" } });
    const sent = await api.call("POST", "/public/drop-off", {
      key: null,
      body: "code=F1&note=two+words",
      headers: form,
    });
    expect([json.status, sent.status]).toEqual([200, 200]);
    expect((await api.call("GET", `/api/parcels/${sent.body["id"]}`)).body).toMatchObject({
      code: "F1",
      note: "two words",
    });
  });

  it("refuse what the schema does not allow", async () => {
    const drop = (options: object) => ["POST", "/public/drop-off", { key: null, ...options }] as const;
    await api.fails(422, "validation-failed", ...drop({ body: { code: "x" } }));
    await api.fails(422, "validation-failed", ...drop({ body: { code: "xy", admin: true } }));
    await api.fails(422, "validation-failed", ...drop({}));
    await api.fails(422, "validation-failed", ...drop({ body: [] }));
    await api.fails(422, "validation-failed", ...drop({ body: "code[]=xy", headers: form }));
    await api.fails(400, "duplicate-parameter", ...drop({ body: "code=xy&code=yz", headers: form }));
    await api.fails(400, "invalid-body", ...drop({ body: "code=x%00y", headers: form }));
    await api.fails(
      415,
      "unsupported-media-type",
      ...drop({ body: "code=xy", headers: { "content-type": "text/plain" } }),
    );
    await api.fails(
      413,
      "body-too-large",
      ...drop({ body: `code=xy&note=${"n".repeat(1024 * 1024)}`, headers: form }),
    );
    await api.fails(409, "unique-violation", ...drop({ body: { code: "J1" } }));
    await api.fails(409, "address-refused", ...drop({ body: { code: "VETO" } }));
  });

  it("stay in the tenant that they establish", async () => {
    await api.inTenant("other").repo(parcel).create({ code: "theirs" });
    expect((await api.call("GET", "/public/of/other", { key: null })).body).toEqual({ n: 1 });
    expect((await api.call("GET", "/public/of/nobody", { key: null })).body).toEqual({ n: 0 });
    await api.fails(404, "not-found", "GET", "/public/of/no%20tenant", { key: null });
    await api.fails(404, "not-found", "GET", `/public/of/${"x".repeat(65)}`, { key: null });
  });

  it("have no caller, also when a key comes along", async () => {
    await api.fails(401, "unauthenticated", "GET", "/public/whoami");
  });
});

describe("routes with a caller", () => {
  it("get the caller's session", async () => {
    expect((await api.call("GET", "/api/parcels/mine?q=a%20b")).body).toEqual({
      actor: "apiKey",
      tenant: "test",
      q: "a b",
    });
    expect((await api.call("GET", "/api/parcels/mine", { key: api.foreignKey })).body).toMatchObject({
      tenant: "other",
    });
    await api.fails(401, "unauthenticated", "GET", "/api/parcels/mine", { key: null });
  });

  it("win over ids, and leave them their own paths", async () => {
    expect((await api.call("GET", `/api/parcels/${id}/label`)).text).toBe("A 1/ä");
    await api.fails(404, "not-found", "GET", "/api/parcels/mine2");
    await api.fails(404, "not-found", "GET", "/api/parcels/mine/label");
    await api.fails(404, "not-found", "GET", `/api/parcels/${id}/label`, { key: api.foreignKey });
    const { headers } = await api.fails(405, "method-not-allowed", "DELETE", "/api/parcels/mine");
    expect(headers.get("allow")).toBe("GET, HEAD");
  });

  it("read a body themselves, up to their own limit", async () => {
    const photo = (bytes: number) => ({
      body: new Uint8Array(bytes),
      headers: { "content-type": "image/png" },
    });
    expect((await api.call("POST", "/api/parcels/photo", photo(2000))).body).toEqual({ bytes: 2000 });
    await api.fails(413, "body-too-large", "POST", "/api/parcels/photo", photo(2001));
    const lying = { ...photo(2001), headers: { "content-length": "3" } };
    await api.fails(413, "body-too-large", "POST", "/api/parcels/photo", lying);
    await api.fails(413, "body-too-large", "POST", "/api/parcels/photo", {
      headers: { "content-length": "2001" },
    });
    expect((await api.call("POST", "/api/parcels/photo")).body).toEqual({ bytes: 0 });
  });
});
