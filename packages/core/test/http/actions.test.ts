import { user } from "@corm/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parcel } from "./support/parcels.js";
import { startApi, type TestApi } from "./support/start.js";

let api: TestApi;
let id: string;
beforeAll(async () => {
  api = await startApi();
  ({ id } = await api.me.repo(parcel).create({ code: "A1", weight: 12 }));
});
afterAll(() => api.crm.stop());

const at = "2026-01-05T10:00:00.000Z";

it("runs an action on a record", async () => {
  const { status, body } = await api.call("POST", `/api/parcels/${id}/send`, { body: { at } });
  expect([status, body]).toEqual([200, { sentAt: at, carrier: "own" }]);
  expect((await api.call("GET", `/api/parcels/${id}`)).body).toMatchObject({ state: "sent", sentAt: at });
});

it("runs an action of a collection and one of the app, with words between dashes", async () => {
  const heavy = await api.call("POST", "/api/parcels/find-heavy", { body: { over: 10 } });
  expect(heavy.body).toEqual([id]);
  const { status, text } = await api.call("POST", "/api/actions/parcels.close-day");
  expect([status, text]).toEqual([204, ""]);
});

it("takes no body as an empty one", async () => {
  expect((await api.call("POST", `/api/parcels/${id}/weigh`)).body).toEqual({ weight: 12 });
  expect((await api.call("POST", `/api/parcels/${id}/weigh`, { body: {} })).status).toBe(200);
  expect((await api.call("POST", `/api/parcels/${id}/weigh`, { body: "" })).status).toBe(200);
  const { body } = await api.fails(422, "validation-failed", "POST", `/api/parcels/${id}/send`);
  expect(body["errors"]).toEqual([{ pointer: "/at", code: "required", message: "is required" }]);
});

it("runs on the version that the caller has seen", async () => {
  const { headers } = await api.call("GET", `/api/parcels/${id}`);
  const seen = { "if-match": headers.get("etag") as string };
  expect((await api.call("POST", `/api/parcels/${id}/weigh`, { headers: seen })).status).toBe(200);
  expect(
    (
      await api.call("POST", `/api/parcels/${id}/send`, {
        body: { at: "2026-01-06T10:00:00Z" },
        headers: seen,
      })
    ).status,
  ).toBe(200);
  await api.fails(412, "version-conflict", "POST", `/api/parcels/${id}/send`, {
    body: { at },
    headers: seen,
  });
  await api.fails(412, "version-conflict", "POST", `/api/parcels/${id}/weigh`, { headers: seen });
});

it("refuses wrong input, absent records and those of another tenant", async () => {
  const send = `/api/parcels/${id}/send`;
  await api.fails(422, "validation-failed", "POST", send, { body: { at: "soon" } });
  await api.fails(422, "validation-failed", "POST", send, { body: { at, career: "x" } });
  await api.fails(422, "validation-failed", "POST", send, { body: { at, carrier: "x".repeat(21) } });
  await api.fails(422, "validation-failed", "POST", send, { body: [1] });
  await api.fails(422, "validation-failed", "POST", "/api/parcels/find-heavy", { body: { over: "10" } });
  await api.fails(404, "not-found", "POST", "/api/parcels/01941f29-7c00-7000-8000-00000000dead/send", {
    body: { at },
  });
  await api.fails(404, "not-found", "POST", "/api/parcels/1/send", { body: { at } });
  await api.fails(404, "not-found", "POST", send, { body: { at }, key: api.foreignKey });
  await api.fails(404, "not-found", "POST", `/api/parcels/${id}/weigh`, { key: api.foreignKey });
  expect(
    (await api.call("POST", "/api/parcels/find-heavy", { body: { over: 1 }, key: api.foreignKey })).body,
  ).toEqual([]);
});

it("knows no other verbs", async () => {
  await api.fails(404, "route-not-found", "POST", `/api/parcels/${id}/sell`, { body: {} });
  await api.fails(404, "route-not-found", "POST", "/api/actions/parcels.open-day", { body: {} });
  await api.fails(405, "method-not-allowed", "POST", "/api/parcels/find-light", { body: {} });
  await api.fails(400, "unknown-parameter", "POST", `/api/parcels/${id}/weigh?force=1`);
});

it("says that nobody can be invited where the app sends no messages", async () => {
  const ada = await api.me.repo(user).create({ name: "Ada", email: "ada@example.org" });
  await api.fails(409, "no-account-messages", "POST", `/api/users/${ada.id}/invite`);
  expect(api.errors).toEqual([]);
});

it("keeps an action's mistake to the log", async () => {
  const { text, body } = await api.fails(500, "internal-error", "POST", "/api/actions/parcels.lie");
  expect(text).not.toContain("truth");
  expect(api.errors.pop()).toMatchObject({
    code: "request-failed",
    meta: { requestId: body["instance"], path: "/api/actions/parcels.lie" },
    cause: { code: "action-broken" },
  });
});
