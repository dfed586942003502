import type { AddressInfo } from "node:net";
import { dataDictionary, defineRole, grant, readCsv } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { createAdaptorServer } from "@hono/node-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { runCli } from "../../src/cli/run.js";
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

it("is written by a command, as far as its key sees", async () => {
  const server = createAdaptorServer(createHttp(api.crm));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const [said, wrong]: [string[], string[]] = [[], []];
  const output = { out: (line: string) => said.push(line), error: (line: string) => wrong.push(line) };
  const run = (...args: string[]) => runCli(["dictionary", ...args], { CORM_API_KEY: api.key }, output);
  try {
    expect(await run(url)).toBe(0);
    expect(said[0]).toMatch(/^entity,field,label,type,/);
    expect(said[0]).toMatch(/\r?\ncontact,lastName,/);
    expect(await run(url, "--format", "json")).toBe(0);
    const { data } = JSON.parse(said[1] as string) as { data: { entity: string; field: string }[] };
    expect(data).toContainEqual(expect.objectContaining({ entity: "contact", field: "email" }));
    expect(await run(url, "--format", "xml")).toBe(2);
    expect(await run("nowhere")).toBe(2);
    expect(await run(url, "--key", "wrong")).toBe(2);
    expect(wrong).toHaveLength(3);
    expect(wrong[2]).toContain("401");
  } finally {
    server.close();
  }
});
