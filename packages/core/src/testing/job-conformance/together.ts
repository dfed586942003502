import assert from "node:assert/strict";
import { marksOf } from "./app.js";
import type { Check } from "./suite.js";

/** Jobs that share a transaction. */
export function togetherTests(check: Check): void {
  const states = async (ctx: Parameters<typeof marksOf>[0]) =>
    (await ctx.jobs.list()).items.map(({ state }) => state);

  check(
    "does jobs of one tenant together, and completes all of them",
    async ({ crm, me, grouped, program }) => {
      await me().jobs.enqueueMany(
        grouped,
        ["a", "b", "c", "d", "e"].map((label) => ({ input: { label } })),
      );
      await me("elsewhere").jobs.enqueue(grouped, { label: "f" });
      const ends = await crm.worker().run();
      assert.deepEqual(
        ends.map(({ outcome }) => outcome),
        Array.from({ length: 6 }, () => "done"),
      );
      // Which of them are done together is the engine's to say: without an ordering key, no order is promised.
      const lots = program.ran.map((ran) => ran.split("+"));
      assert.deepEqual(lots.map((lot) => lot.length).sort(), [1, 1, 4]);
      assert.deepEqual(lots.flat().sort(), ["a", "b", "c", "d", "e", "f"]);
      assert.deepEqual(await marksOf(me()), ["a", "b", "c", "d", "e"]);
      assert.deepEqual(await marksOf(me("elsewhere")), ["f"]);
      assert.deepEqual(new Set(await states(me())), new Set(["done"]));
    },
  );

  check(
    "does each alone where they cannot be done together, and keeps nothing of the attempt",
    async (bench) => {
      const { crm, me, grouped, program } = bench;
      await me().jobs.enqueueMany(
        grouped,
        ["a", "alone", "c"].map((label) => ({ input: { label } })),
      );
      program.run = async (_, label) => {
        if (label === "alone") throw new Error("neither");
      };
      const ends = await crm.worker().run();
      assert.deepEqual(ends.map(({ outcome }) => outcome).sort(), ["done", "done", "failed"]);
      assert.deepEqual(await marksOf(me()), ["a", "c"]);
      const { items } = await me().jobs.list({ state: "delayed" });
      assert.deepEqual(
        items.map(({ attempts, error }) => [attempts, error]),
        [[1, "Error: neither"]],
      );
    },
  );

  check("keeps nothing of jobs done together of which one is lost", async (bench) => {
    const { crm, me, grouped, program } = bench;
    const { jobs } = crm.runtime;
    const ids = await me().jobs.enqueueMany(
      grouped,
      ["a", "b"].map((label) => ({ input: { label } })),
    );
    const request = { worker: "00000000-0000-7000-8000-00000000000b", queues: [grouped.queue], limit: 2 };
    const [first, second] = await jobs.claim(request);
    assert.ok(first && second);
    await jobs.release(second);
    const late = me().transaction(async (tx) => {
      await jobs.completeAll([first, second], tx);
    });
    await assert.rejects(late, { code: "job-lost" });
    assert.deepEqual(new Set(await states(me())), new Set(["running", "ready"]));
    await jobs.release(first);
    await crm.worker().run();
    assert.deepEqual(
      program.ran.map((ran) => ran.split("+").sort()),
      [["a", "b"]],
    );
    assert.equal(ids.length, 2);
    assert.deepEqual(new Set(await states(me())), new Set(["done"]));
  });
}
