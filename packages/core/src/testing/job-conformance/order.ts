import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { PermanentFailure } from "../../jobs/errors.js";
import { type Check, labelled } from "./suite.js";

/** Keys: what runs one after another, and what runs side by side. */
export function orderTests(check: Check): void {
  check(
    "runs jobs with an ordering key one at a time, in the order in which they were made",
    async (bench) => {
      const { crm, me, loose, program, another } = bench;
      const labels = labelled(12);
      const active = new Map<string, number>();
      program.run = async (_, label) => {
        const key = label.slice(0, 1);
        active.set(key, (active.get(key) ?? 0) + 1);
        assert.equal(active.get(key), 1);
        await sleep(1);
        active.set(key, 0);
      };
      await me().jobs.enqueueMany(
        loose,
        ["a", "b"].flatMap((key) =>
          labels.map((label) => ({ input: { label: key + label }, orderingKey: key })),
        ),
      );
      const workers = [crm.worker(), (await another()).worker()];
      // One may find nothing left for a moment while the other runs the last of a key.
      for (let done = 0; done < 24; )
        done += (await Promise.all(workers.map((worker) => worker.run()))).flat().length;
      for (const key of ["a", "b"])
        assert.deepEqual(
          program.ran.filter((label) => label.startsWith(key)),
          labels.map((label) => key + label),
        );
    },
  );

  check("holds up those behind one that waits, whoever comes meanwhile", async (bench) => {
    const { crm, me, loose, program, time } = bench;
    const { jobs } = me();
    const make = (label: string, rest = {}) => jobs.enqueue(loose, { label }, { orderingKey: "k", ...rest });
    await make("first", { delay: 10_000 });
    await make("second", { priority: 9 });
    await jobs.enqueue(loose, { label: "free" });
    program.run = async (_, label, job) => {
      if (label === "first" && job.attempt === 1) throw new Error("once");
    };
    const worker = crm.worker();
    await worker.run();
    assert.deepEqual(program.ran, ["free"]);
    time.advance(10_000);
    await worker.run();
    await make("third");
    await worker.run();
    assert.deepEqual(program.ran, ["free", "first"]);
    time.advance(2000);
    await worker.run();
    assert.deepEqual(program.ran, ["free", "first", "first", "second", "third"]);
  });

  check("goes on behind one that died or was cancelled", async (bench) => {
    const { crm, me, loose, program } = bench;
    const { jobs } = me();
    const make = (label: string, rest = {}) => jobs.enqueue(loose, { label }, { orderingKey: "k", ...rest });
    const { id } = await make("cancelled", { delay: 1000 });
    await make("dies");
    await make("last");
    program.run = async (_, label) => {
      if (label === "dies") throw PermanentFailure({ reason: "for good" });
    };
    await crm.worker().run();
    assert.deepEqual(program.ran, []);
    await jobs.cancel(id);
    await crm.worker().run();
    assert.deepEqual(program.ran, ["dies", "last"]);
  });

  check("runs so many at once of a concurrency key, and no more", async (bench) => {
    const { crm, me, pair, program, another } = bench;
    const labels = labelled(10);
    await me().jobs.enqueueMany(
      pair,
      labels.map((label) => ({ input: { label }, concurrencyKey: "shop" })),
    );
    let active = 0;
    let most = 0;
    program.run = async () => {
      active += 1;
      most = Math.max(most, active);
      await sleep(2);
      active -= 1;
    };
    const workers = [crm.worker(), (await another()).worker()];
    for (let done = 0; done < 10; )
      done += (await Promise.all(workers.map((worker) => worker.run()))).flat().length;
    assert.deepEqual([...program.ran].sort(), labels);
    assert.equal(most, 2);
  });

  check("keeps the keys of tenants and queues apart", async ({ crm, me, loose, other, program }) => {
    const orderingKey = "k";
    await me("one").jobs.enqueue(loose, { label: "one" }, { orderingKey, delay: 1000 });
    await me("two").jobs.enqueue(loose, { label: "two" }, { orderingKey });
    await me("one").jobs.enqueue(other, { label: "other" }, { orderingKey });
    await crm.worker().run();
    assert.deepEqual(program.ran.sort(), ["other", "two"]);
  });
}
