import {
  account,
  activity,
  contact,
  crmCore,
  defineRole,
  eraseSubject,
  exportSubject,
  importFile,
  type Origin,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, test } from "vitest";
import { counting } from "../support/counting.js";
import { databases, storageAt } from "../support/databases.js";
import { reuse } from "../support/reused.js";

const seller = defineRole({
  name: "seller",
  entities: { contact: { read: "own", update: "own", fields: { phone: "none", email: "masked" } } },
});
const make = (options: object = {}) =>
  createTestCrm({
    plugins: [crmCore()],
    roles: [seller],
    provenance: { contact: true, account: ["website"], activity: ["contactId"] },
    ...options,
  });
type App = Awaited<ReturnType<typeof make>>;

const text = async function* (...parts: string[]) {
  for (const part of parts) yield new TextEncoder().encode(part);
};
const told = (app: App, id: string) => app.me.repo(contact).provenance(id);
const sources = async (app: App, id: string) =>
  Object.fromEntries(
    Object.entries(await told(app, id)).map(([name, { source, reference, confidence }]) => [
      name,
      [source, reference, confidence],
    ]),
  );
const register: Origin = { source: "register", reference: "HRB 1", confidence: 0.9 };

async function twins(app: App) {
  const ada = await app.me
    .from({ source: "fair", confidence: 0.5 })
    .repo(contact)
    .create({ lastName: "Lovelace", email: "ada@example.com" });
  app.clock.advance({ minutes: 1 });
  const twin = await app.me
    .from(register)
    .repo(contact)
    .create({ lastName: "Lovelace", phone: "+442071234567", title: "Countess", city: "London" });
  return { ada, twin };
}

describe.each(reuse(databases))("on $name", (database) => {
  const within = async (work: (app: App, asked: ReturnType<typeof counting>["log"]) => Promise<void>) => {
    if (!database.available) return;
    const { url, drop } = await database.create();
    const { storage, log } = counting(storageAt(url));
    const app = await make({ storage });
    try {
      await work(app, log);
    } finally {
      await app.crm.stop();
      await drop();
    }
  };

  test("is kept of what is written, by whom and when, and follows the value", () =>
    within(async (app) => {
      const ada = await app.me.repo(contact).create({ lastName: "Lovelace", email: "ada@example.com" });
      const { email, lastName, ...rest } = await told(app, ada.id);
      expect(Object.keys(rest)).toEqual([]);
      expect(email).toEqual({
        source: "user",
        reference: null,
        confidence: null,
        at: ada.createdAt,
        actor: { kind: "user", id: "00000000-0000-7000-8000-000000000001", userId: null },
        cause: ["contact.create"],
      });
      app.clock.advance({ minutes: 5 });
      const later = app.me.from(register).repo(contact);
      // What stays the same is from where it was.
      await later.update(ada.id, { lastName: "Lovelace", email: "ada@lovelace.example", title: "Countess" });
      expect(await told(app, ada.id)).toMatchObject({
        lastName,
        email: { ...register, at: app.me.now(), cause: ["contact.update"] },
        title: register,
      });
      await app.me.repo(contact).update(ada.id, { email: null });
      expect(Object.keys(await told(app, ada.id)).sort()).toEqual(["lastName", "title"]);
      await later.update(ada.id, { email: "again@example.com" });
      expect((await told(app, ada.id))["email"]).toMatchObject(register);
      await app.me.repo(contact).delete(ada.id);
      expect(Object.keys(await told(app, ada.id))).toContain("email");
      await app.me.repo(contact).restore(ada.id);
      await app.me.repo(contact).purge(ada.id);
      await expect(told(app, ada.id)).rejects.toMatchObject({ code: "not-found" });
    }));

  test("takes one statement for a batch, and none where it is not asked for", () =>
    within(async (app, log) => {
      const many = (n: number) => Array.from({ length: n }, (_, i) => ({ lastName: `L${i}`, title: "T" }));
      log.clear();
      const rows = await app.me.repo(contact).createMany(many(300));
      expect(log.of("insertMany", "corm_provenance")).toEqual([
        { verb: "insertMany", table: "corm_provenance", rows: 600 },
      ]);
      log.clear();
      await app.me.repo(contact).updateMany(rows.map(({ id }) => ({ id, patch: { title: "U" } })));
      expect(log.asked.filter(({ table }) => table === "corm_provenance")).toEqual([
        { verb: "upsert", table: "corm_provenance", rows: 300 },
      ]);
      log.clear();
      await app.me.repo(account).create({ name: "Acme", industry: "Steel" });
      expect(log.asked.filter(({ table }) => table === "corm_provenance")).toEqual([]);
    }));

  test("an import says so, and what its caller knows besides", () =>
    within(async (app) => {
      const csv = "lastName,email\nAda,ada@example.com\n";
      const plain = await importFile(app.me, contact, text(csv), { format: "csv" });
      const said = app.me.from({ source: "partner", confidence: 0.4 });
      const { id: second } = await importFile(said, contact, text("lastName\nBob\n"), {
        format: "csv",
      });
      const [ada, bob] = (await app.me.repo(contact).find({ orderBy: ["createdAt", "id"] })).items;
      expect(await sources(app, ada!.id)).toEqual({
        lastName: ["import", plain.id, null],
        email: ["import", plain.id, null],
      });
      expect(await sources(app, bob!.id)).toEqual({ lastName: ["partner", second, 0.4] });
    }));

  test("a merge hands on what is known of the values that it takes, and is taken back with it", () =>
    within(async (app) => {
      const { ada, twin } = await twins(app);
      const call = await app.me.repo(activity).create({ kind: "call", subject: "x", contactId: twin.id });
      const before = await Promise.all([told(app, ada.id), told(app, twin.id)]);
      const chosen = { title: { value: "Lady" } };
      const request = { survivorId: ada.id, ids: [ada.id, twin.id], fields: chosen };
      const { mergeId } = await app.me.entities.contact.merge(request);
      const [after, loser] = [await told(app, ada.id), before[1]!];
      expect(after["phone"]).toEqual(loser["phone"]);
      // The id of one that was merged answers with the survivor, as a read does.
      expect(await told(app, twin.id)).toEqual(after);
      expect(after["city"]).toEqual(loser["city"]);
      expect(after["email"]).toEqual(before[0]!["email"]);
      expect(after["title"]).toMatchObject({ source: "merge", reference: mergeId });
      const point = () => app.me.repo(activity).provenance(call.id);
      expect((await point())["contactId"]).toMatchObject({ source: "merge", reference: mergeId });
      // What somebody writes after the merge stays his, and so does where it is from.
      await app.me.from({ source: "later" }).repo(contact).update(ada.id, { city: "Paris" });
      await app.me.entities.contact.unmerge({ mergeId });
      const { city, ...rest } = await told(app, ada.id);
      expect(rest).toEqual(before[0]);
      expect(city).toMatchObject({ source: "later" });
      expect(await told(app, twin.id)).toEqual(loser);
      expect((await point())["contactId"]).toMatchObject({ source: "user", reference: null });
    }));

  test("is in the export of a person, and goes with what is erased", () =>
    within(async (app) => {
      const { ada } = await twins(app);
      const lines: { type: string; entity?: string; provenance?: Record<string, unknown> }[] = [];
      for await (const line of exportSubject(app.me, { entity: "contact", id: ada.id }))
        lines.push(JSON.parse(line));
      expect(lines.find(({ type, entity }) => type === "record" && entity === "contact")).toMatchObject({
        provenance: { email: { source: "fair", confidence: 0.5 }, lastName: { source: "fair" } },
      });
      const left = () =>
        app.crm.runtime.storage.forTenant("test").aggregate({
          table: "corm_provenance",
          where: { op: "eq", column: "tenant_id", value: "test" },
          groupBy: [],
          measures: [{ as: "n", fn: "count" }],
          orderBy: [],
          limit: 1,
        });
      expect(await left()).toEqual([{ n: 6 }]);
      await eraseSubject(app.me, { entity: "contact", id: ada.id });
      expect(await left()).toEqual([{ n: 4 }]);
    }));
});

test("over HTTP: headers say where values are from; a hidden field has no provenance, a hidden record neither", async () => {
  const app = await make();
  const owner = await app.me.entities.user.create({ name: "S", email: "s@example.com" } as never);
  const http = createHttp(app.crm, {
    authenticate: async (request: Request) => ({
      actor: { kind: "user" as const, id: owner.id },
      tenant: "test",
      roles: [request.headers.get("x-role") ?? "admin"],
    }),
  });
  const call = async (method: string, path: string, body?: object, headers: Record<string, string> = {}) => {
    const response = await http.request(path, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  const said = { "corm-source": "Messe%20K%C3%B6ln", "corm-reference": "stand 4", "corm-confidence": "0.75" };
  const values = { lastName: "Ada", phone: "+442071234567", email: "ada@example.com", ownerId: owner.id };
  const { body: ada } = await call("POST", "/api/contacts", values, said);
  const path = `/api/contacts/${ada["id"]}`;
  const whole = await call("GET", `${path}/provenance`);
  expect(whole.body["phone"]).toMatchObject({
    source: "Messe Köln",
    reference: "stand 4",
    confidence: 0.75,
    actor: { kind: "user", id: owner.id },
    cause: ["contact.create"],
  });
  expect(Object.keys(whole.body).sort()).toEqual(["email", "lastName", "ownerId", "phone"]);
  const profile = await call("GET", `${path}/profile`);
  expect(profile.body["provenance"]).toEqual(whole.body);
  const narrow = { "x-role": "seller" };
  const seen = await call("GET", `${path}/provenance`, undefined, narrow);
  expect(Object.keys(seen.body).sort()).toEqual(["lastName", "ownerId"]);
  expect((await call("GET", `${path}/profile`, undefined, narrow)).body["provenance"]).toEqual(seen.body);
  const { body: other } = await call("POST", "/api/contacts", { lastName: "Other" });
  expect((await call("GET", `/api/contacts/${other["id"]}/provenance`, undefined, narrow)).status).toBe(404);
  expect((await call("GET", `/api/users/${owner.id}/provenance`)).status).toBe(404);
  const refused: [Record<string, string>, string][] = [
    [{ "corm-source": "x", "corm-confidence": "1.5" }, "from 0 to 1"],
    [{ "corm-source": "x", "corm-confidence": "NaN" }, "from 0 to 1"],
    [{ "corm-source": "100%" }, "percent-encoded"],
    [{ "corm-source": "a%0Ab" }, "one line"],
    [{ "corm-source": "x".repeat(101) }, "1 to 100"],
    [{ "corm-confidence": "1" }, "Corm-Source"],
  ];
  for (const [headers, why] of refused)
    expect(await call("POST", "/api/contacts", { lastName: "No" }, headers)).toMatchObject({
      status: 400,
      body: { code: "invalid-origin", detail: expect.stringContaining(why) },
    });
  expect(await app.me.repo(contact).count()).toBe(2);
  const batch = { operations: [{ op: "update", id: ada["id"], data: { title: "Dr" } }] };
  await call("POST", "/api/contacts/batch", batch, { "corm-source": "batch" });
  expect((await told(app, ada["id"] as string))["title"]).toMatchObject({
    source: "batch",
    confidence: null,
  });
  await app.crm.stop();
});

test("one tenant's is none of another's; without the option nothing is kept and nothing is served", async () => {
  const app = await make();
  const ada = await app.me.repo(contact).create({ lastName: "Ada" });
  await expect(app.inTenant("other").repo(contact).provenance(ada.id)).rejects.toMatchObject({
    code: "not-found",
  });
  await app.crm.stop();
  const { storage, log } = counting(storageAt("sqlite::memory:"));
  const plain = await createTestCrm({ plugins: [crmCore()], storage });
  log.clear();
  const bob = await plain.me.from(register).repo(contact).create({ lastName: "Bob" });
  await plain.me.repo(contact).update(bob.id, { title: "Dr" });
  expect(log.asked.filter(({ table }) => table === "corm_provenance")).toEqual([]);
  expect(await plain.me.repo(contact).provenance(bob.id)).toEqual({});
  const http = createHttp(plain.crm, {
    authenticate: async () => ({ actor: { kind: "user", id: "u" }, tenant: "test", roles: ["admin"] }),
  });
  expect((await http.request(`/api/contacts/${bob.id}/provenance`)).status).toBe(404);
  await plain.crm.stop();
});

test("names of entities and fields that there are not are refused at the start, and origins that are none", async () => {
  for (const [provenance, why] of [
    [{ contakt: true }, 'did you mean "contact"'],
    [{ mergeStep: true }, "mergeStep"],
    [{ contact: ["emial"] }, 'did you mean "email"'],
    [{ contact: ["createdAt"] }, "createdAt"],
    [{ contact: "email" }, "a list of its fields"],
  ] as const)
    await expect(make({ provenance })).rejects.toMatchObject({
      code: "invalid-crm-options",
      message: expect.stringContaining(why),
    });
  const app = await make();
  for (const origin of [{ source: "" }, { source: "x", confidence: 2 }, { source: "x", reference: "a\nb" }]) {
    expect(() => app.me.from(origin)).toThrow(expect.objectContaining({ code: "invalid-origin" }));
    expect(() =>
      app.crm.as({ actor: { kind: "user", id: "u" }, tenant: "test", roles: ["admin"], origin }),
    ).toThrow(expect.objectContaining({ code: "invalid-origin" }));
  }
  await app.crm.stop();
});
