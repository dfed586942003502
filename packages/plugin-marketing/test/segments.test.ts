import { crmCore } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { marketing } from "../src/index.js";
import type { App } from "./support/newsletter.js";

let app: App;
const ids: Record<string, string> = {};

beforeAll(async () => {
  app = await createTestCrm({ plugins: [crmCore(), marketing()] });
  const { entities } = app.me;
  const acme = await entities.account.create({ name: "Acme", industry: "software" });
  const bank = await entities.account.create({ name: "Bank", industry: "finance" });
  const people = await entities.contact.createMany([
    { lastName: "Lovelace", email: "ada@acme.example", accountId: acme.id, title: "Engineer" },
    { lastName: "Hopper", accountId: acme.id, title: "Admiral" },
    { lastName: "Pacioli", email: "luca@bank.example", accountId: bank.id },
  ]);
  for (const person of people) ids[person.lastName] = person.id;
});
afterAll(() => app.crm.stop());

const softwareWithMail = {
  account: { industry: "software" },
  or: [{ email: { isNull: false } }, { title: "Admiral" }],
};

describe("a dynamic segment", () => {
  test("is whoever satisfies its condition at the moment", async () => {
    const { entities } = app.me;
    const segment = await entities.segment.create({
      name: "Software",
      kind: "dynamic",
      where: softwareWithMail,
    });
    expect(segment).toMatchObject({ entity: "contact", kind: "dynamic", where: softwareWithMail });
    const names = async () => {
      const { count, sample } = await entities.segment.preview(segment.id, { limit: 5 });
      expect(count).toBe(sample.length);
      return sample.map((person) => person.lastName);
    };
    expect(await names()).toEqual(["Hopper", "Lovelace"]);
    const bank = await entities.account.first({ where: { name: "Bank" } });
    await entities.contact.update(ids["Hopper"] ?? "", { accountId: bank?.id ?? null });
    expect(await names()).toEqual(["Lovelace"]);
    expect(await entities.segment.preview(segment.id, { limit: 0 })).toEqual({ count: 1, sample: [] });
  });

  test("explains why somebody is in or out, part by part", async () => {
    const { entities } = app.me;
    const segment = await entities.segment.create({
      name: "Explained",
      kind: "dynamic",
      where: softwareWithMail,
    });
    const luca = await entities.segment.explain(segment.id, { contactId: ids["Pacioli"] ?? "" });
    expect(luca.member).toBe(false);
    expect(luca.parts.map(({ path, holds }) => [path, holds])).toEqual([
      ["/account", false],
      ["/or", true],
      ["/or/0/email", true],
      ["/or/1/title", false],
    ]);
    expect((await entities.segment.explain(segment.id, { contactId: ids["Lovelace"] ?? "" })).member).toBe(
      true,
    );
    await expect(
      entities.segment.explain(segment.id, { contactId: "00000000-0000-7000-8000-00000000ffff" }),
    ).rejects.toMatchObject({ code: "not-found" });
  });

  test.each([
    [{ industri: "software" }, 'has no field "industri"'],
    [{ account: { industri: "software" } }, 'Did you mean "industry"?'],
    [{ title: { like: "A%" } }, '"like" on "contact.title" is not an operator'],
    [{ birthday: "yesterday" }, "contact.birthday"],
    [{}, "needs a condition"],
  ])("with the condition %j is refused when it is saved", async (where, words) => {
    const input = { name: `Wrong ${words}`, kind: "dynamic", where } as const;
    const refused = app.me.entities.segment.create(input);
    await expect(refused).rejects.toMatchObject({ code: "invalid-segment", status: 422 });
    await expect(app.me.entities.segment.create(input)).rejects.toThrow(words);
    const good = await app.me.entities.segment.create({ ...input, where: { title: "x" } });
    await expect(app.me.entities.segment.update(good.id, { where })).rejects.toThrow(words);
  });
});

describe("a static segment", () => {
  test("is those who were added to it", async () => {
    const { entities } = app.me;
    const segment = await entities.segment.create({ name: "Invited", kind: "static" });
    const member = await entities.segmentMember.create({
      segmentId: segment.id,
      contactId: ids["Pacioli"] ?? "",
    });
    expect((await entities.segment.preview(segment.id)).sample.map((one) => one.lastName)).toEqual([
      "Pacioli",
    ]);
    expect(await entities.segment.explain(segment.id, { contactId: ids["Pacioli"] ?? "" })).toEqual({
      member: true,
      parts: [],
    });
    await entities.segmentMember.delete(member.id);
    expect((await entities.segment.preview(segment.id)).count).toBe(0);
  });

  test("has no condition, and a dynamic one no members", async () => {
    const { entities } = app.me;
    await expect(
      entities.segment.create({ name: "Both", kind: "static", where: { title: "x" } }),
    ).rejects.toMatchObject({ code: "invalid-segment" });
    const dynamic = await entities.segment.create({ name: "Titled", kind: "dynamic", where: { title: "x" } });
    await expect(
      entities.segmentMember.create({ segmentId: dynamic.id, contactId: ids["Pacioli"] ?? "" }),
    ).rejects.toThrow('Segment "Titled": a dynamic segment finds its members itself');
  });

  test("can be part of a dynamic one's condition", async () => {
    const { entities } = app.me;
    const fair = await entities.segment.create({ name: "Fair", kind: "static" });
    await entities.segmentMember.create({ segmentId: fair.id, contactId: ids["Lovelace"] ?? "" });
    const segment = await entities.segment.create({
      name: "Fair, with mail",
      kind: "dynamic",
      where: { email: { isNull: false }, segmentMemberships: { some: { segmentId: fair.id } } },
    });
    expect((await entities.segment.preview(segment.id)).sample.map((one) => one.lastName)).toEqual([
      "Lovelace",
    ]);
  });
});
