import { account, crmCore, defineAction, definePlugin } from "@corm/core";
import { createTestCrm, type TestCrm } from "@corm/core/testing";
import Type from "typebox";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const look = defineAction({
  name: "look",
  on: account,
  readOnly: true,
  input: Type.Object({}),
  output: Type.Object({ name: Type.String() }),
  run: async ({ record }) => ({ name: record.name }),
});
const plugin = definePlugin({
  name: "looks",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ actions: { look } }),
});
const plugins = [crmCore(), plugin()] as const;

let app: TestCrm<typeof plugins>;
beforeAll(async () => {
  app = await createTestCrm({ plugins });
  await app.me.entities.account.createMany([
    { name: "Łódź Works", employees: 12 },
    { name: "Lodz Yard", employees: 7 },
    { name: "Turin Yard", employees: 3 },
  ]);
});
afterAll(() => app.crm.stop());

/** A query as a request brings it, past the types. */
const find = (where: unknown) => app.me.entities.account.find({ where: where as never });
const aggregate = (query: unknown) => app.me.entities.account.aggregate(query as never);
const invalid = { code: "invalid-query", status: 400 };

describe("what conditions may cost", () => {
  const repeat = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

  it.each([
    ["empty members", { and: repeat(200_000, {}) }],
    ["members", { or: repeat(1001, { name: "x" }) }],
    ["operators", { or: repeat(300, { employees: { gt: 1, lt: 9, ne: 4 } }) }],
    ["values", { or: repeat(3, { name: { in: repeat(8000, "x") } }) }],
  ])("is bounded: %s", async (_, where) => {
    await expect(find(where)).rejects.toMatchObject(invalid);
  });

  it("is shared by the conditions of one aggregate", async () => {
    const measures = Object.fromEntries(
      repeat(40, 0).map((_, i) => [`m${i}`, { count: true, where: { or: repeat(20, { name: "x" }) } }]),
    );
    await expect(aggregate({ measures })).rejects.toMatchObject(invalid);
  });

  it("allows what people need", async () => {
    expect((await find({ name: { in: repeat(10_000, "Turin Yard") } })).items).toHaveLength(1);
    expect((await find({ or: repeat(300, { name: "Turin Yard" }) })).items).toHaveLength(1);
  });
});

it("compares whole numbers with fractions", async () => {
  expect((await find({ employees: { in: [3, 1.5, 1e300] } })).items).toHaveLength(1);
  expect((await find({ employees: { in: [1.5] } })).items).toHaveLength(0);
  expect((await find({ employees: { nin: [1.5] } })).items).toHaveLength(3);
  expect((await find({ employees: { gt: 3.5 } })).items).toHaveLength(2);
});

it("counts what a search finds", async () => {
  const accounts = app.me.entities.account;
  expect(await accounts.count(undefined, { search: "lodz" })).toBe(2);
  expect(await accounts.count({ employees: { gt: 10 } }, { search: "lodz" })).toBe(1);
});

it.each([
  ["a group that is null", { groupBy: [null], measures: { n: { count: true } } }],
  [
    "a group by SQL",
    { groupBy: [{ field: "name", as: 'x" from account; --' }], measures: { n: { count: true } } },
  ],
  ["a measure by SQL", { measures: { 'n" from account; --': { count: true } } }],
  [
    "a group called __proto__",
    { groupBy: [{ field: "name", as: "__proto__" }], measures: { n: { count: true } } },
  ],
  ["an order that is text", { measures: { n: { count: true } }, orderBy: "n" }],
])("refuses %s", async (_, query) => {
  await expect(aggregate(query)).rejects.toMatchObject(invalid);
});

it("compares the version also for actions that only read", async () => {
  const accounts = app.me.entities.account;
  const [first] = (await accounts.find({ limit: 1 })).items;
  const { id, version } = first as { id: string; version: number };
  expect(await accounts.look(id, {}, { version })).toHaveProperty("name");
  await expect(accounts.look(id, {}, { version: version + 1 })).rejects.toMatchObject({
    code: "version-conflict",
  });
});
