import { contact } from "@corm/core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startApi, type TestApi } from "./support/start.js";

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.crm.stop());

it("O121, O119 over HTTP: gives out what is kept of a person, and erases it", async () => {
  const { id } = await api.me.repo(contact).create({ lastName: "canary-http", email: "ada@example.org" });
  const file = await api.call("GET", `/api/privacy/export/contact/${id}`);
  expect(file.headers.get("content-disposition")).toBe(`attachment; filename="person-${id}.ndjson"`);
  const lines = file.text.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(["subject", "record", "entry", "entry", "end"]);
  expect(file.text).toContain("canary-http");

  const erasure = { body: { entity: "contact", id } };
  await api.fails(404, "not-found", "POST", "/api/privacy/erasures", {
    ...erasure,
    key: api.foreignKey,
  });
  expect((await api.me.repo(contact).get(id)).lastName).toBe("canary-http");
  const { body } = await api.call("POST", "/api/privacy/erasures", erasure);
  expect(body).toMatchObject({
    state: "done",
    persons: { contact: [id] },
    erased: { contact: { deleted: 1 } },
  });
  await api.fails(404, "not-found", "GET", `/api/contacts/${id}`);
  await api.fails(404, "not-found", "GET", `/api/privacy/export/contact/${id}`);
  const unknown = { body: { entity: "contact", id } };
  await api.fails(404, "not-found", "POST", "/api/privacy/exports", unknown);
  await api.fails(404, "not-found", "GET", "/api/privacy/export/contact/1");
  await api.fails(404, "subject-unknown", "GET", `/api/privacy/export/account/${id}`);
  await api.fails(422, "validation-failed", "POST", "/api/privacy/erasures", { body: { entity: "contact" } });
  await api.fails(401, "unauthenticated", "GET", `/api/privacy/export/contact/${id}`, { key: null });
});

it("O121, O119 over HTTP: by an address, also of somebody who was purged", async () => {
  const address = "purged.http@example.org";
  const { id } = await api.me.repo(contact).create({ lastName: "canary-purged", email: address });
  await api.me.repo(contact).delete(id);
  await api.me.repo(contact).purge(id);
  const asked = { body: { address } };
  const file = await api.call("POST", "/api/privacy/exports", asked);
  expect(file.headers.get("content-disposition")).toBe('attachment; filename="person.ndjson"');
  expect(file.text).toContain("canary-purged");
  const { body } = await api.call("POST", "/api/privacy/erasures", asked);
  expect(body).toMatchObject({
    state: "done",
    persons: { contact: [id] },
    erased: { contact: { deleted: 0 } },
  });
  expect((await api.call("POST", "/api/privacy/exports", asked)).text).not.toContain("canary-purged");
  await api.fails(422, "validation-failed", "POST", "/api/privacy/erasures", { body: { address: "" } });
});

it("O119 over HTTP: a request from before is not answered again with the data of somebody erased, nor done again", async () => {
  const created = (key: string, lastName: string, options = {}) =>
    api.call("POST", "/api/contacts", {
      body: { lastName },
      headers: { "idempotency-key": key },
      ...options,
    });
  const first = await created("before-erasure", "canary-kept");
  const foreign = await created("elsewhere", "canary-foreign", { key: api.foreignKey });
  await api.call("POST", "/api/privacy/erasures", {
    body: { entity: "contact", id: first.body["id"] },
    headers: { "idempotency-key": "the-erasure" },
  });
  const again = await created("before-erasure", "canary-kept");
  expect([again.status, again.body["code"]]).toEqual([409, "answer-not-kept"]);
  expect(again.text).not.toContain("canary");
  expect(await api.me.repo(contact).count({ lastName: "canary-kept" })).toBe(0);
  // Another tenant's answers are no concern of it; and its own is kept.
  const theirs = await created("elsewhere", "canary-foreign", { key: api.foreignKey });
  expect(theirs.text).toBe(foreign.text);
  const erasure = await api.call("POST", "/api/privacy/erasures", {
    body: { entity: "contact", id: first.body["id"] },
    headers: { "idempotency-key": "the-erasure" },
  });
  expect(erasure.body).toMatchObject({ state: "done" });
});
