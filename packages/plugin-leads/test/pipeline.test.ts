import { crmCore } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import PostalMime from "postal-mime";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { leads } from "../src/index.js";

const make = (storage?: ReturnType<typeof storageAt>, seed = 1) =>
  createTestCrm({ ...(storage ? { storage } : {}), seed, plugins: [crmCore(), leads()] });
let test: Awaited<ReturnType<typeof make>>;
beforeEach(async () => {
  test = await make();
});
afterEach(() => test.crm.stop());

it("a list makes one lead of each person, and names what it cannot take", async () => {
  const { me } = test;
  await me.entities.lead.create({ lastName: "Known", email: "known@example.com" });
  const contact = await me.entities.contact.create({ lastName: "Customer", email: "customer@example.com" });
  const people = [
    { lastName: "A", email: "a@example.com", company: "First" },
    { lastName: "A again", email: " A@Example.com", phone: "1" },
    { lastName: "Known", email: "known@example.com", country: "DE" },
    { lastName: "Customer", email: "customer@example.com" },
    { email: "no address" },
    { lastName: "Phone", phone: "+49 30 7" },
    { lastName: "Phone again", phone: "+49 30 7 " },
    { lastName: "Reserved", score: 99 },
    { lastName: "Nobody special" },
    { lastName: "Nobody special" },
  ];
  const result = await me.entities.lead.captureMany({ people, channel: "list", source: "fair.csv" });
  expect(result).toMatchObject({ created: 4, known: 4 });
  expect(result.rejected.map(({ index, code }) => [index, code])).toEqual([
    [4, "validation-failed"],
    [7, "invalid-query"],
  ]);
  expect(await me.entities.lead.count()).toBe(5);
  const a = await me
    .repo(me.catalog.entities.get("lead")!.handle)
    .first({ where: { email: "a@example.com" } as never });
  expect(a).toMatchObject({ lastName: "A", company: "First", phone: "1" });
  expect((await me.entities.lead.find({ where: { email: "known@example.com" } })).items).toMatchObject([
    { lastName: "Known", country: "DE" },
  ]);
  expect(await me.entities.touchpoint.count({ channel: "list" })).toBe(8);
  expect(await me.entities.touchpoint.count({ contactId: contact.id, leadId: null })).toBe(1);
  // The same list again makes nobody.
  const again = await me.entities.lead.captureMany({ people: people.slice(0, 4), channel: "list" });
  expect(again).toMatchObject({ created: 0, known: 4, rejected: [] });
});

it("somebody who was converted is a person that is known: he gets a touchpoint, and is no lead again", async () => {
  const { me } = test;
  const first = await me.entities.lead.capture({
    values: { lastName: "A", email: "a@example.com" },
    channel: "fair",
  });
  const { contactId } = await me.entities.lead.convert(first.leadId!, {});
  const later = await me.entities.lead.capture({ values: { email: "A@example.com" }, channel: "web" });
  expect(later).toMatchObject({ leadId: null, contactId, created: false });
  expect(await me.entities.lead.count()).toBe(1);
  const other = await createTestCrm({ plugins: [crmCore(), leads({ leadsFromContacts: true })] });
  await other.me.entities.contact.create({ lastName: "A", email: "a@example.com" });
  const anew = await other.me.entities.lead.capture({
    values: { lastName: "A", email: "a@example.com" },
    channel: "web",
  });
  expect(anew).toMatchObject({ created: true, contactId: null });
  await other.crm.stop();
});

describe("mail", () => {
  const mime = (headers: string, body = "Please call me.") =>
    [
      `From: =?utf-8?B?${Buffer.from("Ada Lovelace").toString("base64")}?= <Ada@Example.com>`,
      headers,
      "",
      body,
    ].join("\r\n");
  const receive = async (raw: string) => {
    const { messageId, from, to, subject, text, headers } = await PostalMime.parse(raw);
    return test.me.entities.lead.receiveMail({
      messageId: messageId as string,
      from: { name: from?.name ?? "", address: (from as { address: string }).address.toLowerCase() },
      to: to?.[0]?.address ?? "",
      subject: subject ?? "",
      text: text ?? "",
      headers: Object.fromEntries(headers.map(({ key, value }) => [key, value])),
    });
  };

  it("makes a lead of whoever wrote it, once", async () => {
    const { me } = test;
    const raw = mime("To: sales@example.com\r\nSubject: An engine\r\nMessage-ID: <1@example.com>");
    const first = await receive(raw);
    expect(first).toMatchObject({ outcome: "captured" });
    expect(await me.entities.lead.get(first.leadId!)).toMatchObject({
      ...{ firstName: "Ada", lastName: "Lovelace", email: "ada@example.com" },
      notes: "An engine\n\nPlease call me.",
    });
    expect((await me.entities.touchpoint.find()).items).toMatchObject([
      { channel: "email", source: "sales@example.com", details: { subject: "An engine" } },
    ]);
    expect(await receive(raw)).toEqual({ ...first, outcome: "repeated" });
    const second = await receive(mime("Subject: And?\r\nMessage-ID: <2@example.com>"));
    expect(second.leadId).toBe(first.leadId);
    expect([await me.entities.lead.count(), await me.entities.touchpoint.count()]).toEqual([1, 2]);
  });

  it("makes none of what programs send by themselves", async () => {
    for (const header of [
      "Auto-Submitted: auto-replied",
      "Precedence: bulk",
      "List-Id: <x>",
      "Return-Path: <>",
    ])
      expect(await receive(mime(`${header}\r\nMessage-ID: <${header.length}@x>`))).toMatchObject({
        outcome: "automatic",
      });
    expect(await test.me.entities.lead.count()).toBe(0);
  });
});

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("one person in lists, forms and mails at one moment is one lead", async () => {
      const { url, drop } = await database.create();
      const shared = url.includes(":memory:");
      const apps: (typeof test)[] = [];
      for (let seed = 1; seed <= (shared ? 1 : 2); seed++) apps.push(await make(storageAt(url), seed));
      const [{ me }] = apps as [typeof test];
      try {
        const people = Array.from({ length: 6 }, (_, n) => ({
          lastName: `P ${n}`,
          email: `p${n}@example.com`,
        }));
        const phone = { lastName: "Phone", phone: "+49 30 9" };
        await Promise.all(
          Array.from({ length: 6 }, (_, n) => {
            const { entities } = apps[n % apps.length]!.me;
            const list = n % 2 ? people : [...people].reverse();
            return Promise.all([
              entities.lead.captureMany({ people: [...list, phone], channel: "list" }),
              entities.lead.capture({ values: people[n]!, channel: "web" }),
              entities.lead.receiveMail({ messageId: "same", from: { address: "mail@example.com" } }),
            ]);
          }),
        );
        expect(await me.entities.lead.count()).toBe(8);
        expect(await me.entities.touchpoint.count()).toBe(6 * 7 + 6 + 1);
      } finally {
        for (const { crm } of apps) await crm.stop();
        await drop();
      }
    }, 120_000);
  });
}
