import assert from "node:assert/strict";
import { PermanentFailure } from "../../jobs/errors.js";
import { marksOf } from "./app.js";
import type { Check } from "./suite.js";

/** Failing, trying again, and giving up. */
export function failureTests(check: Check): void {
  check("tries again after ever longer pauses, and then no more", async (bench) => {
    const { crm, me, loose, program, time } = bench;
    const { jobs } = me();
    const { id } = await jobs.enqueue(loose, { label: "a" });
    const attempts: number[] = [];
    program.run = async (_, _label, job) => {
      attempts.push(job.attempt);
      throw new Error(`failure ${job.attempt}`);
    };
    const worker = crm.worker();
    const pauses: number[] = [];
    for (let attempt = 1; attempt < 3; attempt++) {
      const [end] = await worker.run();
      assert.equal(end?.outcome, "failed");
      const { state, error, runAt, attempts: failures } = await jobs.get(id);
      assert.deepEqual([state, error, failures], ["delayed", `Error: failure ${attempt}`, attempt]);
      pauses.push(Date.parse(runAt) - time.now());
      time.advance(pauses[attempt - 1] as number);
    }
    const [first = 0, second = 0] = pauses;
    assert.ok(first > 500 && first <= 1000, `${first}`);
    assert.ok(second > 1000 && second <= 2000, `${second}`);
    assert.equal((await worker.run())[0]?.outcome, "dead");
    time.advance(3_600_000);
    assert.deepEqual(await worker.run(), []);
    assert.deepEqual(attempts, [1, 2, 3]);
    const dead = await jobs.get(id);
    assert.deepEqual([dead.state, dead.error, dead.input], ["dead", "Error: failure 3", { label: "a" }]);
  });

  check("keeps nothing of what a failed attempt did", async (bench) => {
    const { crm, me, exact, program, time } = bench;
    await me().jobs.enqueue(exact, { label: "a" });
    program.run = async (ctx, label, job) => {
      if (job.attempt > 1) return;
      await ctx.jobs.enqueue(exact, { label: `${label} again` });
      throw new Error("half way");
    };
    const worker = crm.worker();
    await worker.run();
    assert.deepEqual(await marksOf(me()), []);
    time.advance(1000);
    await worker.run();
    assert.deepEqual(await marksOf(me()), ["a"]);
  });

  check("does not try again what would only repeat", async ({ crm, me, loose, program }) => {
    const { jobs } = me();
    const { id } = await jobs.enqueue(loose, { label: "a" });
    program.run = async () => {
      throw PermanentFailure({ reason: "The address does not exist." });
    };
    assert.equal((await crm.worker().run())[0]?.outcome, "dead");
    const { error, attempts } = await jobs.get(id);
    assert.deepEqual([error, attempts], ["permanent-failure: The address does not exist.", 1]);
  });

  check("replays the dead, with new attempts", async ({ crm, me, loose, program, time }) => {
    const { jobs } = me();
    const { id } = await jobs.enqueue(loose, { label: "a" }, { orderingKey: "k" });
    let works = false;
    program.run = async () => {
      if (!works) throw PermanentFailure({ reason: "down" });
    };
    await crm.worker().run();
    works = true;
    await jobs.replay(id);
    time.advance(1000);
    await crm.worker().run();
    assert.equal((await jobs.get(id)).state, "done");
    assert.deepEqual(program.ran, ["a", "a"]);
    await assert.rejects(jobs.replay(id), { code: "job-state" });
  });

  check("is not held up by a job that fails", async ({ crm, me, loose, program, time }) => {
    program.run = async (_, label) => {
      if (label === "poison") throw new Error("always");
    };
    await me().jobs.enqueue(loose, { label: "poison" }, { priority: 10 });
    for (const label of ["a", "b"]) await me().jobs.enqueue(loose, { label });
    await crm.worker({ concurrency: 1 }).run();
    assert.deepEqual(program.ran, ["poison", "a", "b"]);
    time.advance(60_000);
    await crm.worker().run();
    assert.deepEqual(program.ran, ["poison", "a", "b", "poison"]);
  });
}
