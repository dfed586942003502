import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClaimedJob } from "../../jobs/job-engine.js";
import { mark, marksOf } from "./app.js";
import { type Bench, type Check, labelled } from "./suite.js";

const WORKER = "00000000-0000-7000-8000-00000000000a";
const LEASE = 3000;

/** As a worker would, and then nothing more is heard of it. */
async function claimOnly({ crm, loose }: Bench, worker = WORKER): Promise<ClaimedJob> {
  const [job] = await crm.runtime.jobs.claim({ worker, queues: [loose.queue], limit: 1 });
  assert.ok(job);
  return job;
}

/** Workers that are gone, and workers that only seemed to be. */
export function leaseTests(check: Check): void {
  check("gives the job of a silent worker to another after its lease, and not before", async (bench) => {
    const { crm, me, loose, program, time } = bench;
    const { id } = await me().jobs.enqueue(loose, { label: "a" });
    await claimOnly(bench);
    const worker = crm.worker();
    assert.deepEqual(await worker.run(), []);
    time.advance(LEASE - 1);
    assert.deepEqual(await worker.run(), []);
    assert.deepEqual(program.ran, []);
    time.advance(1);
    await worker.run();
    assert.deepEqual(program.ran, ["a"]);
    const { stalls, attempts } = await me().jobs.get(id);
    assert.deepEqual([stalls, attempts], [1, 0]);
  });

  check("leaves a job with a worker that gives signs of life", async (bench) => {
    const { crm, me, loose, time } = bench;
    await me().jobs.enqueue(loose, { label: "a" });
    const job = await claimOnly(bench);
    const worker = crm.worker();
    for (let i = 0; i < 5; i++) {
      assert.deepEqual([...(await crm.runtime.jobs.beat(WORKER))], [job.id]);
      assert.deepEqual(await worker.run(), []);
      time.advance(LEASE - 1);
    }
    await crm.runtime.jobs.complete(job);
    assert.equal((await me().jobs.get(job.id)).state, "done");
  });

  check("refuses what a worker does that has lost its job, and all that goes with it", async (bench) => {
    const { crm, me, loose, time, program } = bench;
    await me().jobs.enqueue(loose, { label: "a" });
    const stale = await claimOnly(bench);
    const worker = crm.worker();
    await worker.run();
    time.advance(LEASE);
    await worker.run();
    assert.deepEqual(program.ran, ["a"]);
    const engine = crm.runtime.jobs;
    const late = me().transaction(async (tx) => {
      await tx.repo(mark).create({ label: "twice" });
      await engine.complete(stale, tx);
    });
    await assert.rejects(late, { code: "job-lost" });
    await assert.rejects(engine.complete(stale), { code: "job-lost" });
    await assert.rejects(engine.fail(stale, "late", null), { code: "job-lost" });
    await engine.release(stale);
    assert.deepEqual(await marksOf(me()), []);
    assert.equal((await me().jobs.get(stale.id)).state, "done");
    assert.deepEqual([...(await engine.beat(WORKER))], []);
  });

  check("refuses a lost worker also while another is at it", async (bench) => {
    const { crm, me, loose, time } = bench;
    await me().jobs.enqueue(loose, { label: "a" });
    const engine = crm.runtime.jobs;
    const stale = await claimOnly(bench);
    await engine.upkeep();
    time.advance(LEASE);
    await engine.upkeep();
    // The same worker, so that nothing but the token tells the two apart.
    const fresh = await claimOnly(bench);
    assert.equal(fresh.id, stale.id);
    await assert.rejects(engine.complete(stale), { code: "job-lost" });
    await engine.complete(fresh);
  });

  check("ends no lease because a clock was set", async (bench) => {
    const { crm, me, loose, exact, time, program } = bench;
    await me().jobs.enqueue(loose, { label: "running" });
    const job = await claimOnly(bench);
    const worker = crm.worker();
    await worker.run();
    for (const jump of [86_400_000, -2 * 86_400_000, 3_600_000, 86_400_000 - 3_600_000]) {
      time.jump(jump);
      await worker.run();
      await worker.run();
    }
    assert.deepEqual(program.ran, []);
    await crm.runtime.jobs.complete(job);
    // What is made while the clock is wrong is neither lost nor done twice.
    time.jump(3_600_000);
    await me().jobs.enqueue(exact, { label: "ahead" });
    time.jump(-3_600_000);
    await worker.run();
    time.advance(3_600_000);
    await worker.run();
    await worker.run();
    assert.deepEqual(await marksOf(me()), ["ahead"]);
  });

  check("gives back what it has not done when it stops, and counts no attempt", async (bench) => {
    const { crm, me, loose, program, another } = bench;
    const { id } = await me().jobs.enqueue(loose, { label: "slow" });
    let started = (): void => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    program.run = (ctx) =>
      new Promise((_, reject) => {
        started();
        ctx.signal?.addEventListener("abort", () => reject(ctx.signal?.reason));
      });
    const worker = crm.worker();
    worker.start();
    await running;
    await worker.stop({ timeout: 20 });
    const { state, attempts, stalls } = await me().jobs.get(id);
    assert.deepEqual([state, attempts, stalls], ["ready", 0, 0]);
    program.run = async () => {};
    await (await another()).worker().run();
    assert.equal((await me().jobs.get(id)).state, "done");
  });

  check("gives back what it was given after it was told to stop", async (bench) => {
    const { me, loose, program, another } = bench;
    const second = await another();
    const engine = second.runtime.jobs;
    const claim = engine.claim.bind(engine);
    let stopping: Promise<void> | undefined;
    const worker = second.worker();
    Object.assign(engine, {
      claim: async (request: Parameters<typeof claim>[0]) => {
        const jobs = await claim(request);
        if (jobs.length > 0) stopping ??= worker.stop();
        return jobs;
      },
    });
    const { id } = await me().jobs.enqueue(loose, { label: "late" });
    worker.start();
    while (!stopping) await sleep(1);
    await stopping;
    assert.deepEqual(program.ran, []);
    assert.equal((await me().jobs.get(id)).state, "ready");
  });

  check("finishes what it can when it stops, and takes nothing more", async (bench) => {
    const { crm, me, exact, program } = bench;
    await me().jobs.enqueueMany(
      exact,
      labelled(3).map((label) => ({ input: { label }, orderingKey: "one by one" })),
    );
    let finish = (): void => {};
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let started = (): void => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    program.run = () => {
      started();
      return finished;
    };
    const worker = crm.worker();
    worker.start();
    await running;
    const stopping = worker.stop();
    finish();
    await stopping;
    assert.deepEqual(await marksOf(me()), ["n000"]);
  });

  check("puts a job aside that takes its process along every time", async (bench) => {
    const { crm, me, loose, time } = bench;
    const { id } = await me().jobs.enqueue(loose, { label: "poison" });
    const engine = crm.runtime.jobs;
    for (let i = 0; i < 100; i++) {
      const [job] = await engine.claim({ worker: WORKER, queues: [loose.queue], limit: 1 });
      if (!job) break;
      await engine.upkeep();
      time.advance(LEASE);
      await engine.upkeep();
    }
    const { state, stalls } = await me().jobs.get(id);
    assert.equal(state, "dead");
    assert.ok(stalls >= 10, `${stalls}`);
  });
}
