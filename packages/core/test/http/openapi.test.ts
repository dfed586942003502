import SwaggerParser from "@apidevtools/swagger-parser";
import { crmCore, defineEntity, definePlugin, defineRoute } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { Hono } from "hono";
import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Contract } from "./support/contract.js";
import { secondOpinion } from "./support/second-opinion.js";
import { type Json, startApi, type TestApi } from "./support/start.js";

let api: TestApi;
let document: Json;
beforeAll(async () => {
  api = await startApi();
  document = (await api.call("GET", "/openapi.json")).body;
});
afterAll(() => api.crm.stop());

const schemas = () => (document["components"] as Json)["schemas"] as Record<string, Json>;

describe("the document", () => {
  it("is valid OpenAPI 3.1", async () => {
    expect(document["openapi"]).toBe("3.1.0");
    await expect(SwaggerParser.validate(structuredClone(document) as never)).resolves.toBeDefined();
  });

  it("is valid to a second validator, which goes by a model of its own and not by the published schema", async () => {
    expect(await secondOpinion(document)).toEqual([]);
    // It does find what is wrong.
    const broken = structuredClone(document);
    const [path = ""] = Object.keys(broken["paths"] as Json);
    Object.assign((broken["paths"] as Record<string, Json>)[path] as Json, { fetch: {} });
    (broken["components"] as Record<string, Json>)["schemas"] = {};
    const found = (await secondOpinion(broken)).join();
    expect(found).toContain("struct: Property `fetch` is not expected here");
    expect(found).toContain("no-unresolved-refs");
  });

  it("names every operation once", async () => {
    const ids = Object.values(document["paths"] as Record<string, Json>).flatMap((methods) =>
      Object.values(methods).map((operation) => (operation as Json)["operationId"] as string),
    );
    expect(ids).toEqual(
      expect.arrayContaining(["parcel.find", "parcel.send", "parcels.closeDay", "system.health"]),
    );
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });

  it("describes records with what other plugins add, and inputs by what they must have", () => {
    expect(schemas()["Parcel"]).toMatchObject({
      properties: {
        price: { anyOf: [{ $ref: "#/components/schemas/Corm.Money" }, { type: "null" }] },
        weight: { type: ["integer", "null"] },
        state: { enum: ["open", "sent", "lost"] },
        account: { anyOf: [{ $ref: "#/components/schemas/Account" }, { type: "null" }] },
      },
    });
    expect(schemas()["Parcel.Input"]).toMatchObject({ required: ["code"], additionalProperties: false });
    expect(schemas()["Parcel.Patch"]).not.toHaveProperty("required");
    expect(schemas()["Parcel.Patch"]?.["description"]).toContain("code");
  });

  it("does not tell what is internal, nor how records are kept", async () => {
    const { text } = await api.call("GET", "/openapi.json");
    for (const word of ["parcelLog", "ParcelLog", "logs", "sequence", "~", "onDelete"])
      expect(text).not.toContain(word);
    expect((await api.call("GET", "/llms.txt")).text).not.toMatch(/parcelLog|\/api\/api-keys/);
  });

  it("shows examples that are right", () => {
    expect(api.contract.checkExamples()).toBeGreaterThan(20);
  });

  it("shows examples that can be sent", async () => {
    interface Posted {
      readonly post: {
        readonly requestBody: { readonly content: Record<string, { readonly example: Json }> };
      };
    }
    const paths = document["paths"] as Record<string, Posted>;
    for (const path of ["/api/parcels", "/api/accounts", "/api/contacts", "/api/teams"]) {
      const example = paths[path]?.post.requestBody.content["application/json"]?.example;
      const { status, text } = await api.call("POST", path, { body: example });
      expect(status, text).toBe(201);
    }
  });

  it("stays the same, and says where the app is mounted", async () => {
    const host = new Hono().route("/crm/v1", createHttp(api.crm));
    const mounted = (await (await host.request("/crm/v1/openapi.json")).json()) as Json;
    expect(mounted).toEqual({ ...document, servers: [{ url: "/crm/v1" }] });
    expect(document["servers"]).toEqual([{ url: "/" }]);
  });
});

it("tells language models the same in short", async () => {
  const { text, headers } = await api.call("GET", "/llms.txt", { key: null });
  expect(headers.get("content-type")).toBe("text/plain; charset=utf-8");
  for (const line of [
    "- Parcel: /api/parcels (code: string, state?: enum, note?: text",
    "accountId?: id of account",
    '- POST /api/parcels/{id}/send {"at", "carrier"?}: send',
    "- GET /public/track/{code}: Where a parcel is (no credential)",
  ])
    expect(text).toContain(line);
});

it("notices an answer that is not as described", () => {
  const contract = new Contract(document);
  const check = (status: number, type: string, body: unknown) => () =>
    contract.check("GET", "/api/parcels", status, type, JSON.stringify(body));
  const page = { next: null, limit: 50 };
  check(200, "application/json", { data: [], page })();
  expect(check(200, "application/json", { data: [] })).toThrow(/not as described/);
  expect(check(200, "application/json", { data: [], page, extra: 1 })).toThrow(/not as described/);
  expect(check(200, "application/json", { data: [{ secret: 1 }], page })).toThrow(/not as described/);
  expect(check(200, "text/html", { data: [], page })).toThrow(/text\/html/);
  expect(check(201, "application/json", { data: [], page })).toThrow(/undescribed/);
  expect(check(404, "application/problem+json", { code: "x" })).toThrow(/not as described/);
});

describe("plugins that clash", () => {
  const start = async (parts: object) => {
    const plugin = definePlugin({ name: "clash", version: "1.0.0", corm: "^0.1", setup: () => parts });
    const { crm } = await createTestCrm({ plugins: [crmCore(), plugin()] });
    try {
      createHttp(crm);
    } finally {
      await crm.stop();
    }
  };
  const route = (path: string) =>
    defineRoute({ method: "GET", path, permission: "x", summary: "", handle: async () => new Response() });

  it.each([
    [
      "a route of an entity",
      { routes: [route("/api/accounts/:key")] },
      /"crm" and "clash" both serve GET \/api\/accounts/,
    ],
    [
      "a path that core keeps",
      { entities: { meta: defineEntity("meta", { fields: { a: Type.String() }, plural: "meta" }) } },
      /keeps for itself/,
    ],
    ["a pattern", { routes: [route("/api/x/:id{[0-9]+}")] }, /plain segments/],
  ])("over %s are refused", async (_, parts, message) => {
    await expect(start(parts)).rejects.toThrow(message);
  });
});
