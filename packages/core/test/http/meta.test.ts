import { afterAll, beforeAll, expect, it } from "vitest";
import { type Json, startApi, type TestApi } from "./support/start.js";

let api: TestApi;
let meta: Json;
let parcels: Json;
beforeAll(async () => {
  api = await startApi();
  meta = (await api.call("GET", "/api/meta")).body;
  parcels = (meta["entities"] as Json[]).find(({ name }) => name === "parcel") as Json;
});
afterAll(() => api.crm.stop());

const field = (name: string) => (parcels["fields"] as Json[]).find((each) => each["name"] === name);

it("says who asks, and what there is", () => {
  expect(meta).toMatchObject({ actor: { kind: "apiKey" }, tenant: "test", currency: "USD" });
  expect(parcels["rights"]).toEqual(expect.arrayContaining(["read", "create", "update", "delete"]));
  expect(parcels).toMatchObject({ path: "/api/parcels", unique: [["code"]], searchable: ["code", "note"] });
  expect(field("code")).toMatchObject({
    kind: "string",
    right: "write",
    required: true,
    immutable: true,
    schema: { minLength: 2, maxLength: 20 },
  });
  expect(field("state")).toMatchObject({
    kind: "enum",
    required: false,
    schema: { enum: ["open", "sent", "lost"] },
  });
  expect(field("accountId")).toMatchObject({ kind: "reference", target: "account" });
  expect(field("version")).toMatchObject({ right: "read", required: false });
  expect(parcels["relations"]).toEqual([
    { name: "account", kind: "one", target: "account" },
    { name: "items", kind: "many", target: "parcelItem" },
    { name: "attachments", kind: "many", target: "attachment" },
    { name: "notes", kind: "many", target: "note" },
    { name: "qualityFindings", kind: "many", target: "qualityFinding" },
    { name: "taggings", kind: "many", target: "tagging" },
  ]);
});

it("names what can be asked for, and nothing that cannot", async () => {
  const actions = meta["actions"] as Json[];
  expect(actions.find(({ name }) => name === "parcel.send")).toMatchObject({
    path: "/api/parcels/{id}/send",
    entity: "parcel",
    onRecord: true,
    readOnly: false,
  });
  const served = new Set(api.contract.operations);
  for (const { path } of actions) expect(served).toContain(`post ${path as string}`);
  for (const { path } of meta["entities"] as Json[]) {
    expect(served).toContain(`get ${path as string}`);
    expect((await api.call("GET", path as string)).status).toBe(200);
  }
  expect(JSON.stringify(meta)).not.toMatch(/parcelLog|apiKey"[^}]*"path"|sequence|"~/);
});

it("takes no parameters, and no strangers", async () => {
  await api.fails(400, "unknown-parameter", "GET", "/api/meta?for=admin");
  await api.fails(401, "unauthenticated", "GET", "/api/meta", { key: null });
});
