import { sqlite } from "@corm/core/knex";
import { expect, it } from "vitest";
import { counting } from "../../core/test/support/counting.js";
import { type Me, salesCrm, usd } from "./support.js";

/** A session over a storage that counts, and how many queries something takes. */
async function counted() {
  const { storage, log } = counting(sqlite(":memory:"));
  const { crm, me } = await salesCrm({ storage, currency: "USD" });
  const queriesOf = async (work: () => Promise<unknown>) => {
    log.clear();
    await work();
    return log.asked.length;
  };
  return { crm, me, queriesOf };
}

const deals = (me: Me, count: number, rest: (n: number) => object) =>
  me.entities.opportunity.createMany(
    Array.from({ length: count }, (_, n) => ({
      ...{ name: `D${n}`, stage: "won", closeDate: "2026-02-01", amount: usd("10") },
      ...rest(n),
    })),
  );

it("asks as often for the roll-up of a large group of companies as for that of a small one", async () => {
  const { crm, me, queriesOf } = await counted();
  const { account } = me.entities;
  const { id: top } = await account.create({ name: "Top" });
  const middle: string[] = [];
  const leaves: string[] = [];
  const grow = async (wide: number, deep: number, sold: number) => {
    const named = (count: number, parent: (n: number) => string) =>
      account.createMany(Array.from({ length: count }, (_, n) => ({ name: `A${n}`, parentId: parent(n) })));
    middle.push(...(await named(wide, () => top)).map(({ id }) => id));
    const below = await named(deep, (n) => middle[n % middle.length] as string);
    leaves.push(...below.map(({ id }) => id));
    await deals(me, sold, (n) => ({ accountId: leaves[n % leaves.length] as string }));
  };
  await grow(2, 3, 5);
  expect(await account.rollUp(top)).toMatchObject({ accounts: 6, levels: 2, won: { count: 5 } });
  const few = await queriesOf(() => account.rollUp(top));
  await grow(40, 300, 900);
  expect(await account.rollUp(top)).toMatchObject({ accounts: 346, levels: 2, won: { count: 905 } });
  expect(await queriesOf(() => account.rollUp(top))).toBe(few);
  expect(few).toBeLessThanOrEqual(7);
  await crm.stop();
});

it("asks as often for prices where there are many books and tiers as where there is one", async () => {
  const { crm, me, queriesOf } = await counted();
  const { priceBook, priceBookEntry, product } = me.entities;
  const products = await product.createMany(Array.from({ length: 5 }, (_, n) => ({ name: `P${n}` })));
  const grow = async (count: number, tiers: number) => {
    const books = await priceBook.createMany(
      Array.from({ length: count }, (_, n) => ({ name: `B${count} ${n}`, currency: "USD", priority: n })),
    );
    const entries = books.flatMap(({ id: priceBookId }) =>
      products.flatMap(({ id: productId }) =>
        Array.from({ length: tiers }, (_, n) => ({
          ...{ priceBookId, productId, minQuantity: 10 * n },
          unitPrice: usd(`${100 - n}`),
        })),
      ),
    );
    for (let start = 0; start < entries.length; start += 500)
      await priceBookEntry.createMany(entries.slice(start, start + 500));
  };
  const items = products.map(({ id }) => ({ productId: id, quantity: "25" }));
  const resolve = () => priceBook.resolve({ currency: "USD", items });
  await grow(1, 3);
  expect((await resolve()).prices[0]?.unitPrice).toEqual(usd("98.00"));
  const few = await queriesOf(resolve);
  await grow(24, 4);
  expect(await queriesOf(resolve)).toBe(few);
  expect(few).toBeLessThanOrEqual(3);
  await crm.stop();
});

it("asks as often for a forecast with many groups and adjustments as for one with few", async () => {
  const { crm, me, queriesOf } = await counted();
  const { forecastEntry, opportunity, quota, team, teamMember, territory, territoryModel, user } =
    me.entities;
  const { id: modelId } = await territoryModel.create({ name: "2026" });
  const boss = await user.create({ name: "Boss" });
  const as = crm.as({
    actor: { kind: "user", id: boss.id },
    ...{ tenant: "test", userId: boss.id, roles: ["admin"] },
  });
  const grow = async (count: number, sold: number) => {
    const names = Array.from({ length: count }, (_, n) => `${count} ${n}`);
    const people = await user.createMany(names.map((name) => ({ name, managerId: boss.id })));
    const teams = await team.createMany(names.map((name) => ({ name })));
    await teamMember.createMany(people.map(({ id }, n) => ({ userId: id, teamId: teams[n]!.id })));
    const places = await territory.createMany(names.map((name) => ({ name, modelId })));
    const amount = usd("100");
    await quota.createMany([
      ...people.map(({ id }) => ({ userId: id, period: "2026-Q1", amount })),
      ...teams.map(({ id }) => ({ teamId: id, period: "2026-Q1", amount })),
      ...places.map(({ id }) => ({ territoryId: id, period: "2026-Q1", amount })),
    ]);
    await as.entities.forecastEntry.createMany(
      people.map(({ id }) => ({ userId: id, period: "2026-Q1", category: "commit" as const, amount })),
    );
    await deals(me, sold, (n) => ({
      ownerId: people[n % count]!.id,
      territoryId: places[n % count]!.id,
      stage: n % 2 ? "won" : "proposal",
    }));
  };
  const ask = () => opportunity.forecast({ period: "2026-Q1" });
  await grow(2, 10);
  const few = await queriesOf(ask);
  await grow(60, 900);
  expect(await forecastEntry.count()).toBe(62);
  const { groups, adjustments, opportunities } = await ask();
  expect([groups.length, adjustments.length, opportunities]).toEqual([124, 62, 910]);
  expect(await queriesOf(ask)).toBe(few);
  expect(few).toBeLessThanOrEqual(14);
  await crm.stop();
});
