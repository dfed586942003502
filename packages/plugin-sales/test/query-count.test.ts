import type { StorageAdapter } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { expect, it } from "vitest";
import { salesCrm } from "./support.js";

/** The storage with a count of the statements that go through it, in transactions as well. */
function counting(storage: StorageAdapter, count: () => void): StorageAdapter {
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(object, name) {
        const value = Reflect.get(object, name);
        if (typeof value !== "function") return value;
        if (name === "transaction" || name === "savepoint") {
          return (work: (tx: object) => Promise<unknown>, ...rest: unknown[]) =>
            value.call(object, (tx: object) => work(wrap(tx)), ...rest);
        }
        if (name === "forTenant" || name === "acrossTenants")
          return (word: string) => wrap(value.call(object, word) as object);
        return (...args: unknown[]) => {
          if (
            /^(?:findMany|aggregate|insertMany|updateEach|writeAll|updateWhere|deleteWhere)$/.test(
              String(name),
            )
          )
            count();
          return value.apply(object, args);
        };
      },
    });
  return wrap(storage);
}

it("asks the database as often for one opportunity as for three hundred", async () => {
  let statements = 0;
  const storage = counting(sqlite(":memory:"), () => {
    statements += 1;
  });
  const { me, crm } = await salesCrm({ storage });
  const measure = async (work: () => Promise<unknown>) => {
    statements = 0;
    await work();
    return statements;
  };
  const inputs = (n: number) => Array.from({ length: n }, (_, i) => ({ name: `O${i}` }));
  const { opportunity } = me.entities;
  const one = await measure(() => opportunity.createMany(inputs(1)));
  const many = await measure(() => opportunity.createMany(inputs(300)));
  expect(many).toBe(one);
  const rows = (await opportunity.find({ limit: 300 })).items;
  const win = (some: typeof rows) =>
    opportunity.updateMany(some.map(({ id }) => ({ id, patch: { stage: "won" } })));
  const moveOne = await measure(() => win(rows.slice(0, 1)));
  const moveMany = await measure(() => win(rows.slice(1, 300)));
  expect(moveMany).toBe(moveOne);
  expect(await measure(() => opportunity.salesReport())).toBe(4);
  // Nothing about the stage: nothing is asked about stages. Read, and written with its entry in the journal.
  expect(await measure(() => opportunity.update(rows[0]!.id, { name: "New" }))).toBe(2);
  await crm.stop();
});
