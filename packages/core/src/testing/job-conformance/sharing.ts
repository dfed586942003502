import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { marksOf } from "./app.js";
import { type Check, labelled } from "./suite.js";

/** Several workers, queues and tenants. */
export function sharingTests(check: Check): void {
  check("shares the work among workers, each job once", async (bench) => {
    const { crm, me, exact, program, another } = bench;
    const labels = labelled(150);
    await me().jobs.enqueueMany(
      exact,
      labels.map((label) => ({ input: { label } })),
    );
    const second = await another();
    const workers = [crm.worker(), crm.worker({ concurrency: 3 }), second.worker()];
    const ends = (await Promise.all(workers.map((worker) => worker.run()))).flat();
    assert.deepEqual([...program.ran].sort(), labels);
    assert.deepEqual(await marksOf(me()), labels);
    assert.equal(ends.length, labels.length);
  });

  check("takes the queues that it is told to", async ({ crm, me, loose, other, program }) => {
    await me().jobs.enqueue(loose, { label: "default" });
    await me().jobs.enqueue(other, { label: "other" });
    await crm.worker({ queues: ["other"] }).run();
    assert.deepEqual(program.ran, ["other"]);
    await crm.worker({ queues: ["default"] }).run();
    assert.deepEqual(program.ran, ["other", "default"]);
  });

  check("lets the tenants have their turns, however much one of them wants", async (bench) => {
    const { crm, me, loose, program } = bench;
    await me("flood").jobs.enqueueMany(
      loose,
      labelled(200, "f").map((label) => ({ input: { label }, priority: 1000 })),
    );
    for (const tenant of ["a", "z"])
      await me(tenant).jobs.enqueueMany(
        loose,
        labelled(5, tenant).map((label) => ({ input: { label } })),
      );
    await crm.worker({ concurrency: 1 }).run();
    const places = program.ran.flatMap((label, i) => (label.startsWith("f") ? [] : [i]));
    assert.ok((places.at(-1) as number) < 16, `${places}`);
    assert.equal(program.ran.length, 210);
  });

  check("shares one look among the tenants", async ({ crm, me, loose }) => {
    await me("flood").jobs.enqueueMany(
      loose,
      labelled(100).map((label) => ({ input: { label } })),
    );
    for (const tenant of ["a", "z"]) await me(tenant).jobs.enqueue(loose, { label: tenant });
    const worker = "00000000-0000-7000-8000-00000000000a";
    const jobs = await crm.runtime.jobs.claim({ worker, queues: [loose.queue], limit: 12 });
    const counts = ["a", "flood", "z"].map((name) => jobs.filter(({ tenant }) => tenant === name).length);
    assert.deepEqual(counts, [1, 10, 1]);
  });

  check("runs so many jobs of one tenant at once, and no more, where it is told to", async (bench) => {
    const { crm, me, loose, other, program } = bench;
    const active = new Map<string, number>();
    let most = 0;
    program.run = async (ctx) => {
      const now = (active.get(ctx.tenant) ?? 0) + 1;
      active.set(ctx.tenant, now);
      most = Math.max(most, now);
      await sleep(5);
      active.set(ctx.tenant, (active.get(ctx.tenant) ?? 0) - 1);
    };
    const many = labelled(8).map((label) => ({ input: { label } }));
    await me("flood").jobs.enqueueMany(loose, many);
    await me("flood").jobs.enqueueMany(other, many);
    await me("a").jobs.enqueueMany(loose, many.slice(0, 2));
    const worker = crm.worker({ concurrency: 10, perTenant: 2, interval: 30_000 });
    const done = new Promise<void>((resolve) => {
      const run = program.run;
      program.run = async (...args) => {
        await run(...args);
        if (program.ran.length === 18) resolve();
      };
    });
    worker.start();
    await done;
    await worker.stop();
    assert.equal(most, 2);
    assert.equal(program.ran.length, 18);
  });

  check("hears of jobs of its own process at once", async ({ crm, me, loose, program }) => {
    const worker = crm.worker({ interval: 30_000 });
    worker.start();
    await sleep(100);
    const ran = new Promise<void>((resolve) => {
      program.run = async () => resolve();
    });
    await me().jobs.enqueue(loose, { label: "a" });
    await ran;
    await worker.stop();
  });

  check("finds jobs of other processes by looking", async ({ crm, me, loose, program, another }) => {
    const worker = (await another()).worker({ interval: 20 });
    worker.start();
    const ran = new Promise<void>((resolve) => {
      program.run = async () => resolve();
    });
    await me().jobs.enqueue(loose, { label: "a" });
    await ran;
    await worker.stop();
    assert.deepEqual(await crm.worker().run(), []);
  });
}
