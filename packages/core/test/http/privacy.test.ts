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
  await api.fails(404, "not-found", "GET", "/api/privacy/export/contact/1");
  await api.fails(404, "subject-unknown", "GET", `/api/privacy/export/account/${id}`);
  await api.fails(422, "validation-failed", "POST", "/api/privacy/erasures", { body: { entity: "contact" } });
  await api.fails(401, "unauthenticated", "GET", `/api/privacy/export/contact/${id}`, { key: null });
});
