import { defineRole, type Role } from "@corm/core";
import { decideQuote } from "@corm/plugin-sales";
import { afterEach, beforeEach, expect, it } from "vitest";
import { makeQuote, type QuoteCrm, quoteCrm } from "./quote-support.js";
import { usd } from "./support.js";

const planner = defineRole({
  name: "planner",
  permissions: ["opportunity.forecast"],
  entities: {
    opportunity: { read: "all" },
    user: { read: "all" },
    quota: { read: "own" },
    forecastEntry: { read: "own" },
  },
});
const all = { create: "all", read: "all", update: "all" } as const;
const closer = defineRole({
  name: "closer",
  permissions: [
    "opportunity.makeContract",
    "contract.document",
    "opportunity.forecast",
    "territoryModel.preview",
  ],
  entities: {
    opportunity: { ...all, fields: { amount: "none" } as never },
    contact: { read: "all", fields: { email: "none" } },
    account: { read: "own" },
    contract: all,
    documentTemplate: { read: "all" },
    order: { read: "all", update: "all" },
    user: { read: "all" },
    quota: { read: "own" },
    forecastEntry: { read: "own" },
    territoryModel: { read: "all" },
  },
});

let test: QuoteCrm;
let me: QuoteCrm["me"];
beforeEach(async () => {
  test = await quoteCrm({ approval: { discountPercent: 15 } }, { roles: [closer, planner] });
  me = test.me;
});
afterEach(() => test.crm.stop());

async function as(role: Role | string) {
  const { id } = await me.entities.user.create({ name: "Closer" });
  return { id, session: test.crm.as({ actor: { kind: "user", id }, tenant: "test", roles: [role] }) };
}

it("a contract says what its maker may see, and no more", async () => {
  const { account, contact, documentTemplate, opportunity } = me.entities;
  const hidden = await account.create({ name: "canary-account", phone: "+49 30 1234567" });
  const person = await contact.create({ lastName: "Lovelace", email: "canary@example.com" });
  const deal = await opportunity.create({
    ...{ name: "Roof", accountId: hidden.id, contactId: person.id, amount: usd("4711") },
    stage: "won",
  });
  const body =
    "<p>[{{ account.name }}|{{ account.phone }}|{{ contact.name }}|{{ contact.email }}|{{ opportunity.amount }}|{{ contract.total }}]</p>";
  const template = await documentTemplate.create({ name: "T", body });
  const input = {
    templateId: template.id,
    startsOn: "2026-02-01",
    signatories: [{ name: "Ada", role: "Customer" }],
  };
  const { session } = await as("closer");
  const made = await session.entities.opportunity.makeContract(deal.id, input);
  const { html, total } = await session.entities.contract.get(made.id);
  expect(html).toContain("[||Lovelace|||]");
  expect(total).toBeNull();
  const own = await opportunity.makeContract(deal.id, input);
  expect((await me.entities.contract.get(own.id)).html).toMatch(
    /canary-account\|\+49301234567\|Lovelace\|canary@example.com\|.*4,711/,
  );
  // By signatures alone it becomes active.
  const contracts = session.entities.contract;
  await expect(contracts.update(made.id, { status: "active" })).rejects.toMatchObject({
    code: "document-is-written",
  });
  expect((await contracts.get(made.id)).status).toBe("draft");
  expect((await contracts.update(made.id, { status: "cancelled" })).status).toBe("cancelled");
  await expect(contracts.update(made.id, { status: "draft" })).rejects.toMatchObject({ status: 409 });
});

it("adjustments of a forecast are told to whom they are to be seen by", async () => {
  const { id: boss, session: bossly } = await as("admin");
  const { id, session } = await as("planner");
  await me.entities.user.update(id, { managerId: boss });
  await bossly.entities.forecastEntry.create({
    ...{ userId: id, period: "2026-Q1", category: "commit", amount: usd("99"), note: "canary" },
  });
  const asked = { period: "2026-Q1" };
  expect((await bossly.entities.opportunity.forecast(asked)).adjustments).toMatchObject([{ note: "canary" }]);
  const seen = await session.entities.opportunity.forecast(asked);
  expect(seen.adjustments).toEqual([]);
  expect(JSON.stringify(seen)).not.toMatch(/canary|99/);
});

it("a preview of territories counts the accounts that its caller sees", async () => {
  const { account, territory, territoryModel, territoryRule } = me.entities;
  const { id, session } = await as("closer");
  const [own] = await account.createMany([
    { name: "Own", country: "DE", ownerId: id },
    { name: "Hidden", country: "DE" },
    { name: "Hidden too", country: "DE" },
  ]);
  const model = await territoryModel.create({ name: "2026" });
  const germany = await territory.create({ modelId: model.id, name: "Germany" });
  await territoryRule.create({ territoryId: germany.id, name: "DE", where: { country: "DE" } });
  const preview = await session.entities.territoryModel.preview(model.id, {});
  expect(preview).toMatchObject({ territories: [{ territory: "Germany", accounts: 1 }], stay: 0, move: 1 });
  expect(preview.moves.map(({ accountId }) => accountId)).toEqual([own!.id]);
  expect((await territoryModel.preview(model.id, {})).move).toBe(3);
});

it("an approval is of the terms and the customer as well", async () => {
  const made = await makeQuote(me);
  const { quote, account } = me.entities;
  const other = await account.create({ name: "Other" });
  let content = (await quote.get(made.id)).contentRevision;
  for (const patch of [
    { terms: "Pay when you like" },
    { accountId: other.id },
    { validUntil: "2030-01-01" },
  ]) {
    const next = (await quote.update(made.id, patch)).contentRevision;
    expect(next).toBeGreaterThan(content);
    content = next;
  }
  const { contentRevision } = await quote.update(made.id, { name: "Another name" });
  expect(contentRevision).toBe(content);
});

it("what was cancelled is not taken up again", async () => {
  const made = await makeQuote(me);
  const { quote, order } = me.entities;
  const { documentHash: hash } = await quote.send(made.id);
  await decideQuote(me, made.id, { decision: "accept", by: "Ada", from: null, hash });
  const first = await quote.order(made.id);
  await order.update(first.id, { status: "cancelled" });
  const second = await quote.order(made.id);
  expect(second.id).not.toBe(first.id);
  await expect(order.update(first.id, { status: "open" })).rejects.toMatchObject({ status: 409 });
  expect(await order.count({ status: "open" })).toBe(1);
});
