import { issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type SalesCrm, salesCrm } from "./support.js";

let test: SalesCrm;
// biome-ignore lint/suspicious/noExplicitAny: JSON of a test's own making, looked into at many depths.
let call: (method: string, path: string, body?: object) => Promise<{ status: number; body: any }>;

beforeEach(async () => {
  test = await salesCrm();
  const { key } = await issueApiKey(test.me, { name: "test", roles: ["admin"] });
  const app = createHttp(test.crm);
  call = async (method, path, body) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
    const answer = await app.request(path, init);
    return { status: answer.status, body: await answer.json() };
  };
});
afterEach(() => test.crm.stop());

it("opens, moves, lists and reports over HTTP", async () => {
  const made = await call("POST", "/api/opportunities", {
    name: "Rooftop",
    amount: { amount: "12.5", currency: "USD" },
  });
  expect(made.status).toBe(201);
  const { id } = made.body;
  expect(made.body).toMatchObject({ stage: "prospecting", status: "open", probability: 10 });
  const patched = await call("PATCH", `/api/opportunities/${id}`, { stage: "proposal" });
  expect(patched.body).toMatchObject({ stage: "proposal", probability: 50 });
  const moved = await call("POST", `/api/opportunities/${id}/move-to`, { stage: "won" });
  expect(moved).toMatchObject({ status: 200, body: { status: "won", closeDate: "2026-01-05" } });
  const visits = await call("GET", `/api/stage-visits?filter[opportunityId]=${id}&sort=seq`);
  expect(visits.body.data.map((visit: { stage: string }) => visit.stage)).toEqual([
    "prospecting",
    "proposal",
    "won",
  ]);
  expect(visits.body.data[0].actor).toMatch(/^apiKey:/);
  const report = await call("POST", "/api/opportunities/sales-report", {});
  expect(report.body.wonRevenueByQuarter).toEqual({ "2026Q1": { amount: "12.50", currency: "USD" } });
  expect((await call("POST", "/api/pipelines/ensure-default", {})).body.key).toBe("sales");
});

it("refuses with problem documents that say where and why", async () => {
  const unknown = await call("POST", "/api/opportunities", { name: "X", stage: "nope" });
  expect(unknown).toMatchObject({ status: 422, body: { code: "validation-failed" } });
  expect(JSON.stringify(unknown.body)).toContain("prospecting, qualification");
  const { body } = await call("POST", "/api/opportunities", { name: "X" });
  const visit = (await call("GET", "/api/stage-visits")).body.data[0];
  expect(visit.opportunityId).toBe(body.id);
  const edited = await call("PATCH", `/api/stage-visits/${visit.id}`, { leftAt: "2030-01-01T00:00:00Z" });
  expect(edited).toMatchObject({ status: 409, body: { code: "stage-history-is-append-only" } });
});

it("asks for nothing but a name in its description", async () => {
  const { body } = await call("GET", "/openapi.json");
  const create = body.paths["/api/opportunities"].post.requestBody.content["application/json"].schema;
  const schema = create.$ref ? body.components.schemas[create.$ref.split("/").at(-1)] : create;
  expect(schema.required).toEqual(["name"]);
});
