import {
  account,
  activity,
  contact,
  crmCore,
  defineRole,
  exportRecords,
  importFile,
  importRejection,
  previewImport,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { expect, test } from "vitest";

const narrow = defineRole({
  name: "narrow",
  entities: {
    contact: {
      create: "all",
      read: "own",
      update: "own",
      export: true,
      import: true,
      fields: { phone: "none", email: "masked" },
    },
  },
});
const make = () => createTestCrm({ plugins: [crmCore()], roles: [narrow], country: "DE" });
type App = Awaited<ReturnType<typeof make>>;

async function* bytes(text: string, size = 7) {
  const all = new TextEncoder().encode(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}
const lines = (...rows: string[]) => `${rows.join("\r\n")}\r\n`;
async function textOf(chunks: AsyncIterable<string>) {
  let text = "";
  for await (const chunk of chunks) text += chunk;
  return text;
}
const reasons = async (app: App, jobId: string) => {
  const { items } = await app.me.repo(importRejection).find({ where: { jobId }, orderBy: ["row"] });
  return items.map(({ reason }) => reason);
};
const vcard = { format: "vcard" } as const;
const ics = { format: "ics" } as const;

test("contacts go out as vCards and come back the same", async () => {
  const app = await make();
  const acme = await app.me.repo(account).create({ name: "Acme; Söhne, \\ KG" });
  await app.me.repo(contact).createMany([
    {
      firstName: "Ada",
      lastName: "Lovelace, Countess",
      email: "ada@example.com",
      phone: "030 901820",
      title: "Zeile; mit, Zeichen\\",
      street: "Straße 1",
      city: "Köln",
      postalCode: "50667",
      country: "DE",
      birthday: "1990-04-12",
      accountId: acme.id,
      externalId: "crm:7",
    },
    // Longer than a line, in characters of three octets.
    { lastName: "王".repeat(60) },
    { lastName: "BEGIN:VCARD\nEND:VCARD" },
  ]);
  const file = await textOf(exportRecords(app.me, contact, { orderBy: ["id"] }, vcard));
  expect(file).toContain("ORG:Acme\\; Söhne\\, \\\\ KG\r\n");
  expect(file).toContain("TEL;VALUE=uri:tel:+4930901820\r\n");
  expect(file).toContain("N:Lovelace\\, Countess;Ada;;;\r\n");
  expect(file).toContain("ADR:;;Straße 1;Köln;;50667;DE\r\n");
  expect(file).toContain("BDAY:19900412\r\n");
  expect(file).toContain("UID;VALUE=text:crm:7\r\n");
  for (const line of file.split("\r\n")) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);

  const other = await make();
  await other.me.repo(account).create({ name: "Acme; Söhne, \\ KG" });
  const options = { ...vcard, mode: "upsert", on: ["externalId"], mapping: { ORG: "account.name" } } as const;
  for (const _ of [1, 2])
    expect(await importFile(other.me, contact, bytes(file), options)).toMatchObject({
      done: 3,
      accepted: 3,
      rejected: 0,
    });
  expect(await other.me.repo(contact).count()).toBe(3);
  const back = await textOf(exportRecords(other.me, contact, { orderBy: ["id"] }, vcard));
  const stable = (text: string) => text.replace(/REV:.*\r\n/g, "");
  expect(stable(back)).toBe(stable(file));
  await Promise.all([app.crm.stop(), other.crm.stop()]);
});

test("vCards of other programs are read, and what is broken costs no other", async () => {
  const app = await make();
  const file = lines(
    "BEGIN:VCARD",
    "VERSION:3.0",
    "PRODID:-//Apple Inc.//iOS 17//EN",
    "N:Hopper;Grace;;Dr.;",
    "item1.EMAIL;type=INTERNET;type=HOME:home@example.com",
    "item2.EMAIL;type=INTERNET;type=WORK;type=pref:Grace@Example.com",
    'TEL;TYPE="cell,voice":030 901822',
    "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQ",
    ` ${"A".repeat(70)}`,
    "ADR;TYPE=home:;;Main St 1\\nSide;Berlin;;10115;",
    "BDAY:1906-12-09T00:00:00Z",
    "END:VCARD",
    "BEGIN:VCARD",
    "VERSION:4.0",
    "FN:Juan de la Vega",
    "END:VCARD",
    "BEGIN:VCARD",
    "VERSION:2.1",
    "N:Old;One",
    "END:VCARD",
    "stray",
    "BEGIN:VCARD",
    "VERSION:4.0",
    "N:Open;Not closed",
    "BEGIN:VCARD",
    "VERSION:4.0",
    "FN:Strange",
    "this is no property",
    "END:VCARD",
    "BEGIN:VCARD",
    "VERSION:4.0",
    "N:Noyear;X;;;",
    "BDAY:--0412",
    "END:VCARD",
    "BEGIN:VCARD",
    "VERSION:4.0",
    "KIND:group",
    "FN:Everybody",
    "END:VCARD",
  );
  const status = await importFile(app.me, contact, bytes(file), vcard);
  expect(status).toMatchObject({ state: "finished", done: 8, accepted: 2, rejected: 6 });
  expect(await reasons(app, status.id)).toEqual([
    expect.stringContaining("version 2.1"),
    "stands outside of a card",
    "is not closed by END:VCARD",
    expect.stringContaining("no property: line 28"),
    expect.stringContaining("birthday"),
    expect.stringContaining("group"),
  ]);
  const { items } = await app.me.repo(contact).find({ orderBy: ["lastName"] });
  expect(items).toMatchObject([
    {
      firstName: "Grace",
      lastName: "Hopper",
      email: "grace@example.com",
      phone: "+4930901822",
      street: "Main St 1, Side",
      birthday: "1906-12-09",
    },
    { firstName: "Juan", lastName: "de la Vega" },
  ]);
  const preview = await previewImport(app.me, contact, bytes(file), vcard);
  expect(preview.columns.find(({ column }) => column === "N.family")).toMatchObject({ field: "lastName" });
  for (const [target, options, text, words] of [
    [contact, vcard, "name,email\r\n", "no vCard"],
    [activity, ics, "BEGIN:VCARD\r\n", "no calendar"],
    [activity, ics, lines("BEGIN:VCALENDAR", "BEGIN:VEVENT"), "in the middle of VEVENT"],
    [account, vcard, file, "account"],
  ] as const)
    await expect(importFile(app.me, target, bytes(text), options)).rejects.toMatchObject({
      code: "invalid-import",
      message: expect.stringContaining(words),
    });
  await app.crm.stop();
});

test("activities go out as a calendar and come back, those without a time stay", async () => {
  const app = await make();
  const body = "First line\nsecond; with, marks";
  await app.me.repo(activity).createMany([
    { kind: "call", subject: "Call\r\nBEGIN:VEVENT", dueAt: "2026-03-01T09:00:00Z", externalId: "a" },
    { kind: "task", subject: "Send", body, dueAt: "2026-03-02T09:00:00Z", doneAt: "2026-03-02T10:00:00Z" },
    { kind: "note", subject: "Without a time" },
  ]);
  const file = await textOf(exportRecords(app.me, activity, { orderBy: ["dueAt"] }, ics));
  expect(file.match(/^BEGIN:.*/gm)?.map((line) => line.trim())).toEqual([
    "BEGIN:VCALENDAR",
    "BEGIN:VEVENT",
    "BEGIN:VTODO",
  ]);
  expect(file).toContain("DTSTART:20260301T090000Z\r\n");
  expect(file).toContain("DUE:20260302T090000Z\r\n");
  expect(file.endsWith("END:VCALENDAR\r\n")).toBe(true);
  const other = await make();
  for (const _ of [1, 2])
    expect(
      await importFile(other.me, activity, bytes(file), { ...ics, mode: "upsert", on: ["externalId"] }),
    ).toMatchObject({ accepted: 2, rejected: 0 });
  const { items } = await other.me.repo(activity).find({ orderBy: ["dueAt"] });
  expect(items).toMatchObject([
    { kind: "call", subject: "Call\nBEGIN:VEVENT", dueAt: "2026-03-01T09:00:00.000Z", externalId: "a" },
    { kind: "task", body, dueAt: "2026-03-02T09:00:00.000Z", doneAt: "2026-03-02T10:00:00.000Z" },
  ]);
  const empty = await textOf(exportRecords(app.me, activity, { where: { subject: "nothing" } }, ics));
  expect(empty).toMatch(/^BEGIN:VCALENDAR\r\n(?:.*\r\n)*END:VCALENDAR\r\n$/);
  await Promise.all([app.crm.stop(), other.crm.stop()]);
});

test("events of other calendars: zones, days, alarms; what repeats or is cancelled is told", async () => {
  const app = await make();
  const event = (...rows: string[]) => ["BEGIN:VEVENT", ...rows, "END:VEVENT"];
  const file = lines(
    "BEGIN:VCALENDAR",
    "X-WR-TIMEZONE:America/New_York",
    "BEGIN:VTIMEZONE",
    "TZID:Europe/Berlin",
    "BEGIN:STANDARD",
    "DTSTART:19701025T030000",
    "RRULE:FREQ=YEARLY",
    "END:STANDARD",
    "END:VTIMEZONE",
    ...event(
      "SUMMARY:Berlin",
      "DTSTART;TZID=Europe/Berlin:20260701T090000",
      "CATEGORIES:Work,VISIT",
      "BEGIN:VALARM",
      "DESCRIPTION:Ring",
      "END:VALARM",
    ),
    ...event("SUMMARY:Day", "DTSTART;VALUE=DATE:20260701"),
    ...event("SUMMARY:Outlook", "DTSTART;TZID=W. Europe Standard Time:20260701T090000"),
    ...event("SUMMARY:Weekly", "DTSTART:20260701T090000Z", "RRULE:FREQ=WEEKLY"),
    ...event("SUMMARY:Off", "DTSTART:20260701T090000Z", "STATUS:CANCELLED"),
    ...event("DTSTART:20260701T090000Z"),
    "END:VCALENDAR",
  );
  const status = await importFile(app.me, activity, bytes(file), { ...ics, dryRun: true });
  expect(status).toMatchObject({ done: 6, accepted: 2, rejected: 4 });
  expect(await app.me.repo(activity).count()).toBe(0);
  expect(await reasons(app, status.id)).toEqual([
    expect.stringContaining("time that cannot be read"),
    expect.stringContaining("repeats"),
    "is cancelled",
    expect.stringContaining("subject"),
  ]);
  await importFile(app.me, activity, bytes(file), ics);
  const { items } = await app.me.repo(activity).find({ orderBy: ["subject"] });
  expect(items).toMatchObject([
    { kind: "visit", subject: "Berlin", body: null, dueAt: "2026-07-01T07:00:00.000Z" },
    { kind: "meeting", subject: "Day", dueAt: "2026-07-01T04:00:00.000Z" },
  ]);
  await app.crm.stop();
});

test("over HTTP, with the rights of the caller", async () => {
  const app = await make();
  const owner = await app.me.entities.user.create({ name: "S", email: "s@example.com" } as never);
  const roles = { admin: "admin", narrow: "narrow" } as Record<string, string>;
  const http = createHttp(app.crm, {
    authenticate: async (request: Request) => ({
      actor: { kind: "user" as const, id: owner.id },
      tenant: "test",
      roles: [roles[request.headers.get("x-role") ?? "admin"] as string],
    }),
  });
  const secret = { email: "ada@example.com", phone: "030 901820" };
  await app.me.repo(contact).createMany([
    { lastName: "Mine", ownerId: owner.id, ...secret },
    { lastName: "Other", ...secret },
  ]);
  const get = (path: string, role = "admin") => http.request(path, { headers: { "x-role": role } });
  const all = await get("/api/contacts/export?format=vcard&sort=lastName");
  expect(all.headers.get("content-type")).toBe("text/vcard; charset=utf-8");
  expect(all.headers.get("content-disposition")).toMatch(/contacts-.*\.vcf"$/);
  expect((await all.text()).match(/^FN:.*/gm)).toHaveLength(2);
  const some = await (await get("/api/contacts/export?format=vcard&fields=lastName")).text();
  expect(some).not.toContain("ada@");
  expect(await (await get("/api/contacts/export?format=vcard&fields=ownerId")).json()).toMatchObject({
    code: "unknown-field",
  });
  const narrowed = await (await get("/api/contacts/export?format=vcard", "narrow")).text();
  expect(narrowed.match(/^FN:.*/gm)).toEqual(["FN:Mine"]);
  expect(narrowed).not.toMatch(/EMAIL|TEL/);
  expect(await (await get("/api/accounts/export?format=vcard")).json()).toMatchObject({
    status: 400,
    code: "invalid-query",
  });
  expect((await get("/api/activities/export?format=ics", "narrow")).status).toBe(403);
  expect((await get("/api/activities/export?format=ics")).headers.get("content-type")).toContain(
    "text/calendar",
  );
  const card = lines("BEGIN:VCARD", "VERSION:4.0", "N:New;A;;;", "TEL:030 901821", "END:VCARD");
  const post = (path: string, role: string, type = "text/vcard") =>
    http.request(path, { method: "POST", headers: { "content-type": type, "x-role": role }, body: card });
  expect(await (await post("/api/contacts/import/preview", "admin")).json()).toMatchObject({
    rows: [expect.arrayContaining(["New", "A"])],
  });
  // What he may not write is left out of a card, as if it were not on it; asked for by name, it is unknown.
  const brought = await post("/api/contacts/import", "narrow");
  expect(brought.status).toBe(202);
  expect(await brought.json()).toMatchObject({ accepted: 1, rejected: 0 });
  expect(await app.me.repo(contact).first({ where: { lastName: "New" } })).toMatchObject({ phone: null });
  const named = await post(`/api/contacts/import?mapping=${encodeURIComponent('{"TEL":"phone"}')}`, "narrow");
  expect(await named.json()).toMatchObject({ code: "unknown-field" });
  expect((await post("/api/accounts/import", "admin")).status).toBe(400);
  expect((await post("/api/contacts/import", "admin", "text/directory")).status).toBe(415);
  await app.crm.stop();
});
