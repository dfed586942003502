import Type from "typebox";
import { expect, test } from "vitest";
import {
  type Context,
  contact,
  crmCore,
  defineFunnel,
  defineMetric,
  definePlugin,
  defineRatio,
  extendEntity,
} from "../../src/index.js";
import { createTestCrm } from "../../src/testing/index.js";

const scored = extendEntity(contact, { fields: { score: Type.Optional(Type.Integer()) } });
const people = defineMetric(contact, {
  name: "scores.people",
  label: "People",
  unit: "count",
  time: "createdAt",
  dimensions: ["ownerId"],
  measure: { count: true },
});
const mailable = defineRatio(contact, {
  name: "scores.mailable",
  label: "With e-mail",
  numerator: { count: true, where: { email: { isNull: false } } },
  denominator: { count: true },
  where: { lastName: { startsWith: "L" } },
});
const funnel = defineFunnel(contact, {
  name: "scores.funnel",
  label: "Funnel",
  steps: [{ name: "all", label: "All", where: {} }],
});
const scores = definePlugin({
  name: "scores",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({ extends: { contact: scored }, metrics: [people, mailable, funnel] }),
});

test("a context knows what its app declares, with what plugins added", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore(), scores()] });
  expect([...me.catalog.metrics.keys()]).toEqual(["scores.people", "scores.mailable", "scores.funnel"]);
  const entity = me.catalog.entities.get("contact");
  expect(entity?.fields.get("score")).toMatchObject({ kind: "integer", label: "Score", target: null });
  expect(entity?.fields.get("ownerId")).toMatchObject({ kind: "reference", target: "user" });
  // Made once for whoever sees the same of it, and no more than he sees.
  expect(me.asSystem({ reason: "the same app" }).catalog).toBe(me.asSystem({ reason: "once more" }).catalog);
  expect(me.catalog.entities.get("apiKey")?.fields.has("hash")).toBe(false);
  expect(crm.as({ actor: me.actor, tenant: "test" }).catalog.entities.size).toBe(0);
  await me.entities.contact.create({ lastName: "Lovelace" });
  if (!entity) throw new Error("no contact");
  expect(await me.repo(entity.handle).count({ lastName: "Lovelace" })).toBe(1);
  await crm.stop();
});

test("the condition of a ratio narrows both of its sides", () => {
  expect(mailable.measure.where).toEqual({
    and: [{ lastName: { startsWith: "L" } }, { email: { isNull: false } }],
  });
  expect(mailable.divisor?.where).toEqual({ and: [{ lastName: { startsWith: "L" } }] });
  expect(funnel).toMatchObject({ kind: "funnel", unit: "count", steps: [{ name: "all" }] });
});

test("a context says whether it is inside a transaction", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore()] });
  expect(me.inTransaction).toBe(false);
  await me.transaction(async (tx: Context) => expect(tx.inTransaction).toBe(true));
  await crm.stop();
});
