import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contact, crmCore, issueApiKey, localFiles } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { startApi, type TestApi } from "./support/start.js";

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ tenants: ["test", "other"], maxFile: 1_000 });
});
afterAll(() => api.crm.stop());

const upload = (id: string, name: string, rest = "") =>
  `/api/attachments/upload?entity=contact&recordId=${id}&name=${encodeURIComponent(name)}${rest}`;
const text = (body: string | Uint8Array, type = "text/plain") => ({
  body,
  headers: { "content-type": type },
});

it("takes a file of a record and gives it back as something to save", async () => {
  const { id } = await api.me.repo(contact).create({ lastName: "Hopper" });
  const made = await api.call("POST", upload(id, "报价 1.txt"), text("hello"));
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({ name: "报价 1.txt", size: 5, contentType: "text/plain", recordId: id });
  const path = made.headers.get("location") as string;
  expect((await api.call("GET", path)).headers.get("etag")).toBe(made.headers.get("etag"));
  const got = await api.call("GET", `${path}/content`);
  expect([got.status, got.text]).toEqual([200, "hello"]);
  expect(Object.fromEntries(got.headers)).toMatchObject({
    "content-type": "text/plain",
    "content-length": "5",
    "content-disposition": `attachment; filename="__ 1.txt"; filename*=UTF-8''%E6%8A%A5%E4%BB%B7%201.txt`,
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
    "cache-control": "no-store",
  });
  const list = await api.call("GET", `/api/attachments?filter[entity]=contact&filter[recordId]=${id}`);
  expect((list.body["data"] as unknown[]).length).toBe(1);
  await api.call("PATCH", path, { body: { name: "../x.txt" } });
  expect((await api.call("GET", path)).body["name"]).toBe("x.txt");
  await api.call("DELETE", path);
  await api.fails(404, "not-found", "GET", `${path}/content`);
});

it("F59: an active or disguised file is never shown, whatever it is called", async () => {
  const { id } = await api.me.repo(contact).create({ lastName: "Hopper" });
  const hostile: [name: string, type: string, bytes: string][] = [
    ["x.html", "text/html", "<script>alert(1)</script>"],
    ["x.svg", "image/svg+xml", "<svg onload='alert(1)'/>"],
    ["../../etc/passwd", "image/png", "<html>"],
    ['a"; filename="b.exe', "text/plain\t; x", "x"],
    ["a\u0001\r\nset-cookie: a=b.txt", "nonsense", "x"],
    [`${"x".repeat(4_000)}.pdf`, "application/pdf", "%PDF-1.7"],
  ];
  for (const [name, type, bytes] of hostile) {
    const { body } = await api.call("POST", upload(id, name), text(bytes, type));
    const got = await api.call("GET", `/api/attachments/${body["id"]}/content`);
    expect(got.headers.get("content-disposition")).toMatch(
      /^attachment; filename="[^"\\]+"; filename\*=UTF-8''[\w.%~-]+$/,
    );
    expect(got.headers.get("content-security-policy")).toContain("sandbox");
    expect(got.headers.get("set-cookie")).toBeNull();
    expect(String(body["name"])).not.toMatch(/[/\\]/);
    expect(got.text).toBe(bytes);
  }
  await api.fails(400, "invalid-url", "POST", upload(id, "a").replace("name=a", "name=a%00"), text("x"));
});

it("B25 F59: a file of a record of others is not there, and no file too many is kept", async () => {
  const { id } = await api.me.repo(contact).create({ lastName: "Hopper" });
  const { body } = await api.call("POST", upload(id, "a.txt"), text("hello"));
  const foreign = { key: api.foreignKey };
  await api.fails(404, "not-found", "GET", `/api/attachments/${body["id"]}/content`, foreign);
  await api.fails(422, "validation-failed", "POST", upload(id, "a.txt"), { ...text("x"), ...foreign });
  await api.fails(422, "validation-failed", "POST", upload("nonsense", "a.txt"), text("x"));
  await api.fails(400, "invalid-parameter", "POST", "/api/attachments/upload?entity=contact", text("x"));
  await api.fails(401, "unauthenticated", "POST", upload(id, "a.txt"), { ...text("x"), key: null });
  await api.fails(413, "body-too-large", "POST", upload(id, "a.txt"), text("x".repeat(1_001)));
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(400)) });
  await api.fails(413, "body-too-large", "POST", upload(id, "a.txt"), {
    body: endless,
    headers: { "content-type": "text/plain" },
  });
  await api.fails(415, "unsupported-media-type", "POST", upload(id, "a.txt"), {
    body: "x",
    headers: { "content-encoding": "gzip", "content-type": "text/plain" },
  });
  const list = await api.call("GET", `/api/attachments?filter[entity]=contact&filter[recordId]=${id}`);
  expect((list.body["data"] as unknown[]).length).toBe(1);
});

it("notes, tags and what hangs on a record are asked for as of any entity", async () => {
  const { id } = await api.me.repo(contact).create({ lastName: "Tagged" });
  const { body: vip } = await api.call("POST", "/api/tags", { body: { name: "vip", color: "#ff8800" } });
  await api.call("POST", "/api/notes", { body: { entity: "contact", recordId: id, body: "likes tea" } });
  const apply = { entity: "contact", records: [id], add: [vip["id"]] };
  expect((await api.call("POST", "/api/tags/apply", { body: apply })).body).toEqual({ added: 1, removed: 0 });
  const filter = {
    taggings: { some: { tag: { name: "vip" } } },
    notes: { some: { body: { contains: "TEA" } } },
  };
  const found = await api.call("POST", "/api/contacts/query", {
    body: { filter, include: "notes,taggings" },
  });
  expect(found.body["data"]).toMatchObject([
    { id, notes: [{ body: "likes tea" }], taggings: [{ tagId: vip["id"] }] },
  ]);
});

it("lets go of what a body would be made of where only the head of an answer is asked for", async () => {
  const folder = await mkdtemp(join(tmpdir(), "corm-heads-"));
  const files = localFiles(folder);
  let open = 0;
  async function* counted(bytes: AsyncIterable<Uint8Array>) {
    open += 1;
    try {
      yield* bytes;
    } finally {
      open -= 1;
    }
  }
  const counting = {
    ...files,
    get: async (key: string) => {
      const bytes = await files.get(key);
      return bytes && counted(bytes);
    },
  };
  const { crm, me } = await createTestCrm({ plugins: [crmCore()], files: counting });
  const http = createHttp(crm);
  const { key } = await issueApiKey(me, { name: "k", roles: ["admin"] });
  const headers = { authorization: `Bearer ${key}` };
  const { id } = await me.repo(contact).create({ lastName: "Hopper" });
  const large = {
    method: "POST",
    headers: { ...headers, "content-type": "text/plain" },
    body: "x".repeat(300_000),
  };
  const made = (await (await http.request(upload(id, "large.txt"), large)).json()) as { id: string };
  for (let i = 0; i < 5; i += 1) {
    const head = await http.request(`/api/attachments/${made.id}/content`, { method: "HEAD", headers });
    expect([head.status, head.headers.get("content-length"), head.body]).toEqual([200, "300000", null]);
  }
  await vi.waitFor(() => expect(open).toBe(0));
  await crm.stop();
  await rm(folder, { recursive: true });
});
