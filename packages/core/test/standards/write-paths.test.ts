import {
  account,
  before,
  type Contact,
  contact,
  crmCore,
  definePlugin,
  each,
  importRecords,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, expect, test } from "vitest";

const fills = definePlugin({
  name: "fills",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    hooks: [
      before(
        contact,
        "create",
        { name: "fills.phone" },
        each(({ input }) => {
          if (input.title === "fill") input.phone = "138 0013 8000";
          if (input.title === "move") input.country = "DE";
        }),
      ),
      before(
        contact,
        "update",
        { name: "fills.country" },
        each(async ({ before: { id }, patch }, ctx) => {
          if (patch.title === "move") patch.country = "DE";
          if (patch.title === "write") await ctx.repo(contact).update(id, { country: "DE" });
        }),
      ),
    ],
  }),
});

const make = () => createTestCrm({ plugins: [crmCore(), fills()], country: "CN" });
let app: Awaited<ReturnType<typeof make>>;
beforeAll(async () => {
  app = await make();
});
afterAll(() => app.crm.stop());

const NUMBER = "+8613800138000";
const raw = { lastName: " Ｗａｎｇ ", email: "Wang@Example.COM", phone: "138-0013-8000" };
const kept = { lastName: "Wang", email: "wang@example.com", phone: NUMBER };
const contacts = () => app.me.repo(contact);

test("every way in keeps one form", async () => {
  const one = await contacts().create(raw);
  const [many] = await contacts().createMany([raw]);
  const later = await contacts().create({ lastName: "x" });
  const updated = await contacts().update(later.id, raw);
  const [upserted] = await contacts().upsertMany([{ ...raw, externalId: "w-1" }], ["externalId"]);
  const hooked = await contacts().create({ lastName: "Wang", title: "fill" });
  const rows = (async function* () {
    yield { row: 1, input: { ...raw, externalId: "w-2" } };
  })();
  await importRecords(contacts(), rows, { key: ["externalId"] });
  const found = (await contacts().first({ where: { externalId: "w-2" } })) as Contact;
  for (const row of [one, many, updated, upserted, found]) expect(row).toMatchObject(kept);
  expect(hooked.phone).toBe(NUMBER);
});

test("a number is of the country that a hook gives its record", async () => {
  const made = await contacts().create({ lastName: "Weber", title: "move", phone: "030 901820" });
  expect(made).toMatchObject({ country: "DE", phone: "+4930901820" });
  for (const title of ["move", "write"]) {
    const { id, phone } = await contacts().create({ lastName: "Weber", phone: "030 901821" });
    expect(phone).toBe("030 901821");
    const changed = await contacts().update(id, { title, phone: "030 901822" });
    expect(changed).toMatchObject({ country: "DE", phone: "+4930901822" });
  }
});

test("a number is of the country of its record", async () => {
  const made = await contacts().create({ lastName: "Weber", country: "Deutschland", phone: "030 901820" });
  expect(made.phone).toBe("+4930901820");
  const changed = await contacts().update(made.id, { phone: "030 901821" });
  expect(changed.phone).toBe("+4930901821");
});

test("what is blank is no value, where there may be none", async () => {
  const made = await contacts().create({ lastName: "Blank", email: "  ", phone: "" });
  expect(made).toMatchObject({ email: null, phone: null });
  await expect(contacts().create({ lastName: "  " })).rejects.toThrow(/lastName/);
});

test("writing the same value in another spelling changes nothing", async () => {
  const made = await contacts().create({ ...raw, lastName: "Same" });
  const again = await contacts().update(made.id, { phone: "+86 138 0013 8000", email: "WANG@example.com" });
  expect(again.version).toBe(made.version);
});

test("conditions compare in the same form", async () => {
  const made = await contacts().create({
    lastName: "Sought",
    phone: "139 1234 5678",
    email: "sought@example.com",
  });
  for (const where of [
    { phone: "139-1234-5678" },
    { phone: { in: ["13912345678"] } },
    { email: { eq: "SOUGHT@example.com" } },
  ])
    expect((await contacts().find({ where })).items.map((row) => row.id)).toEqual([made.id]);
  expect(await contacts().count({ id: made.id, email: { ne: "Sought@Example.com" } })).toBe(0);
});

test("companies, domains and web addresses", async () => {
  const made = await app.me.repo(account).create({
    name: "  Acme   GmbH",
    domain: "https://www.Acme.example/about",
    website: "acme.example/",
    phone: "+49 30 901820",
  });
  expect(made).toMatchObject({
    name: "Acme GmbH",
    domain: "acme.example",
    website: "https://acme.example",
    phone: "+4930901820",
  });
});

test("what is no address is refused where it is entered", async () => {
  for (const email of ["a\n@b.co", "a@b..c", "a b@c.de"])
    await expect(contacts().create({ lastName: "Bad", email })).rejects.toMatchObject({
      code: "validation-failed",
    });
});

test("a field cannot be kept in a form that there is not", async () => {
  await expect(make2()).rejects.toThrow(/normalized as "fax"/);
});

async function make2() {
  const { defineEntity, normalized } = await import("@corm/core");
  const { default: Type } = await import("typebox");
  const thing = defineEntity("thing", {
    fields: { fax: Type.Optional(normalized(Type.String(), "fax" as "phone")) },
  });
  const plugin = definePlugin({
    name: "things",
    version: "0.1.0",
    corm: "^0.1",
    setup: () => ({ entities: { thing } }),
  });
  return createTestCrm({ plugins: [crmCore(), plugin()] });
}
