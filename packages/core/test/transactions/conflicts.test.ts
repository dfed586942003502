import { TransactionConflict } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import { thing } from "../support/toys.js";

const { program, plugin } = programmable();

/** Resolves when it was called `parties` times. */
function barrier(parties: number): () => Promise<void> {
  let open = () => {};
  const all = new Promise<void>((resolve) => {
    open = resolve;
  });
  return () => {
    parties -= 1;
    if (parties <= 0) open();
    return all;
  };
}

onDatabases({ plugins: [plugin], on: ["PostgreSQL", "MariaDB"] }, (app) => {
  describe("two writes that wait for one another", () => {
    it("both succeed: core runs the victim again, its hooks too, and nothing twice", async () => {
      const me = app().fresh();
      const [a, b] = await me.entities.thing.createMany([
        { title: "A", count: 0 },
        { title: "B", count: 0 },
      ]);
      const other = { [a!.id]: b!.id, [b!.id]: a!.id };
      const meet = barrier(2);
      let runs = 0;
      const committed: string[] = [];
      program.afterUpdate = async ([change], ctx) => {
        if (ctx.chain.length > 1) return;
        runs += 1;
        // Each has its own record locked, and now asks for the other's.
        if (runs <= 2) await meet();
        const id = other[change?.row.id as string] as string;
        const { count } = await ctx.repo(thing).get(id, { lock: true });
        await ctx.repo(thing).update(id, { count: (count ?? 0) + 10 });
      };
      program.committedUpdate = ([change], ctx) => {
        if (ctx.chain.length === 1) committed.push(change?.row.title as string);
      };
      const bump = async (id: string) => me.entities.thing.update(id, { stage: "open" });
      const rows = await Promise.all([bump(a!.id), bump(b!.id)]);
      expect(rows.map(({ stage }) => stage)).toEqual(["open", "open"]);
      expect(runs).toBeGreaterThan(2);
      expect(committed.sort()).toEqual(["A", "B"]);
      const after = await me.entities.thing.find({ orderBy: ["title"] });
      expect(after.items.map(({ count, stage }) => [count, stage])).toEqual([
        [10, "open"],
        [10, "open"],
      ]);
    });

    it("in transactions of their own tell the victim, since only it knows whether it may run twice", async () => {
      const me = app().fresh();
      const [a, b] = await me.entities.thing.createMany([{ title: "A" }, { title: "B" }]);
      const meet = barrier(2);
      let runs = 0;
      const cross = (first: string, second: string) =>
        me.transaction(async (tx) => {
          runs += 1;
          await tx.entities.thing.update(first, { stage: "open" });
          await meet();
          await tx.entities.thing.update(second, { done: true });
        });
      const outcomes = await Promise.allSettled([cross(a!.id, b!.id), cross(b!.id, a!.id)]);
      const failed = outcomes.filter((outcome) => outcome.status === "rejected");
      expect(failed).toHaveLength(1);
      expect(failed[0]?.reason).toSatisfy(TransactionConflict.is);
      expect(runs).toBe(2);
      const { items } = await me.entities.thing.find();
      expect(items.filter(({ stage }) => stage === "open")).toHaveLength(1);
      expect(items.filter(({ done }) => done)).toHaveLength(1);
    });
  });

  it("gives up after some tries, with the conflict", async () => {
    const me = app().fresh();
    let tries = 0;
    program.beforeCreate = () => {
      tries += 1;
      throw TransactionConflict({ reason: "always" });
    };
    await expect(me.entities.thing.create({ title: "A" })).rejects.toSatisfy(TransactionConflict.is);
    expect(tries).toBe(5);
  });
});
