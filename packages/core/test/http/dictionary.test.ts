import { dataDictionary, defineRole, grant, readCsv } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parcel, plugins } from "./support/parcels.js";
import { startApi, type TestApi } from "./support/start.js";

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.crm.stop());

it("tells of every field what it is, where it comes from, and how it is changed", async () => {
  const { body } = await api.call("GET", "/api/data-dictionary");
  const fields = body["data"] as { entity: string; field: string }[];
  const of = (entity: string, field: string) =>
    fields.find((one) => one.entity === entity && one.field === field);
  expect(of("contact", "lastName")).toMatchObject({
    type: "string",
    limits: "1 to 100 characters",
    required: true,
    unique: false,
    source: "crm",
    owner: "crm",
    update: "by whoever may",
    sensitivity: "normal",
    personal: true,
    encrypted: false,
  });
  expect(of("contact", "email")).toMatchObject({ format: "email", required: false, personal: true });
  expect(of("contact", "accountId")).toMatchObject({ type: "reference", format: "account", personal: false });
  expect(of("contact", "externalId")).toMatchObject({ unique: true });
  expect(of("contact", "createdAt")).toMatchObject({ source: "core", update: "by core" });
  expect(of("consent", "decision")).toMatchObject({ format: "granted | withdrawn", update: "set once" });
  expect(of("account", "name")).toMatchObject({ personal: false });
  expect(fields.some(({ entity }) => entity === "apiKey" || entity === "credential")).toBe(false);
  const entities = new Set(fields.map(({ entity }) => entity));
  const declared = api.crm.describe().entities.filter(({ internal }) => !internal);
  expect([...entities].sort()).toEqual(declared.map(({ name }) => name).sort());
  await api.fails(400, "invalid-parameter", "GET", "/api/data-dictionary?format=xml");
});

it("is a file as well, with as many lines", async () => {
  const { text, headers } = await api.call("GET", "/api/data-dictionary?format=csv");
  expect(headers.get("content-type")).toContain("text/csv");
  let lines = 0;
  for await (const record of readCsv([text])) {
    expect("problem" in record).toBe(false);
    lines += 1;
  }
  expect(lines).toBe(dataDictionary(api.me).length + 1);
});

it("tells whoever asks no more than his roles", async () => {
  const clerk = defineRole({
    name: "clerk",
    entities: grant(parcel, { read: "all", fields: { note: "none" } }),
  });
  const { crm, me } = await createTestCrm({ plugins, roles: [clerk] });
  const asked = crm.as({ actor: me.actor, tenant: me.tenant, roles: ["clerk"] });
  const fields = dataDictionary(asked);
  expect([...new Set(fields.map(({ entity }) => entity))]).toEqual(["parcel"]);
  expect(fields.some(({ field }) => field === "note")).toBe(false);
  await crm.stop();
});
