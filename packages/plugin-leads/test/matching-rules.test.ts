import { contact, matchRule, touchpoint } from "@corm/core";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lead } from "../src/index.js";
import { leadsCrm } from "./leads-crm.js";

const sameName = {
  and: [
    { field: ["firstName", "lastName"], by: "fuzzy", score: 0.9 },
    { field: "country", by: "normalized" },
  ],
};
const xiaoming = { firstName: "小明", lastName: "王", country: "CN" };
const latin = { firstName: "Xiaoming", lastName: "Wang", country: "CN" };

let app: Awaited<ReturnType<typeof leadsCrm>>;
beforeEach(async () => {
  app = await leadsCrm();
});
afterEach(() => app.crm.stop());

const rule = (entity: string, policy: "allow" | "block") =>
  app.me.repo(matchRule).create({ name: `${entity} ${policy}`, entity, policy, when: sameName as never });
const take = (...people: object[]) => app.me.entities.lead.captureMany({ people, channel: "list" } as never);

test("whom a blocking rule takes for the same is one lead, also twice in one list", async () => {
  await rule("lead", "block");
  expect(
    await take({ ...xiaoming, email: "a@example.com" }, { ...latin, email: "b@example.com" }),
  ).toMatchObject({
    created: 1,
    known: 1,
  });
  expect(await take({ ...latin, email: "c@example.com", title: "Dr" })).toMatchObject({
    created: 0,
    known: 1,
  });
  const { items } = await app.me.repo(lead).find();
  expect(items).toMatchObject([{ email: "a@example.com", title: "Dr" }]);
  expect(await app.me.repo(touchpoint).count({ leadId: items[0]!.id } as never)).toBe(3);
});

test("a rule that only warns makes no one of two", async () => {
  await rule("lead", "allow");
  expect(
    await take({ ...xiaoming, email: "a@example.com" }, { ...latin, email: "b@example.com" }),
  ).toMatchObject({
    created: 2,
  });
});

test("who is a contact by a blocking rule of contacts becomes no lead", async () => {
  await rule("contact", "block");
  const { id } = await app.me.repo(contact).create({ ...xiaoming, lastName: "王" });
  expect(await take({ ...latin, email: "b@example.com" })).toMatchObject({ created: 0, known: 1 });
  expect(await app.me.repo(touchpoint).count({ contactId: id })).toBe(1);
  expect(await app.me.repo(lead).count()).toBe(0);
});

test("a conversion shows whom the rules find, and names the rule", async () => {
  await rule("contact", "allow");
  const { id } = await app.me.repo(contact).create({ ...xiaoming, lastName: "王" });
  const { id: leadId } = await app.me.repo(lead).create(latin);
  const { preview } = await app.me.entities.lead.convert(leadId, { dryRun: true });
  expect(preview).toMatchObject({ matches: { contacts: [{ id, by: "contact allow" }] } });
});
