import assert from "node:assert/strict";
import { isCormError } from "../../errors/corm-error.js";
import { mark, marksOf } from "./app.js";
import type { Check } from "./suite.js";

/** Making jobs, and when they run. */
export function makingTests(check: Check): void {
  check("runs a job with its input, once, in the tenant and name of its maker", async (bench) => {
    const { crm, me, loose, program } = bench;
    const seen: unknown[] = [];
    program.run = async (ctx, label, job) =>
      void seen.push([label, ctx.tenant, ctx.actor, ctx.chain, job.attempt, ctx.inTransaction]);
    const { id, duplicate } = await me("one").jobs.enqueue(loose, { label: "a" });
    assert.equal(duplicate, false);
    assert.equal((await me("one").jobs.get(id)).state, "ready");
    const ends = await crm.worker().run();
    assert.deepEqual(ends, [{ id, name: loose.name, tenant: "one", outcome: "done" }]);
    const { actor } = me();
    assert.deepEqual(seen, [["a", "one", actor, [loose.name], 1, false]]);
    assert.deepEqual(await crm.worker().run(), []);
    const { state, input, finishedAt } = await me("one").jobs.get(id);
    assert.deepEqual([state, input], ["done", null]);
    assert.ok(finishedAt);
  });

  check("makes a job in the transaction of its maker, and only with its commit", async (bench) => {
    const { crm, me, loose, program } = bench;
    const failed = me().transaction(async (tx) => {
      await tx.jobs.enqueue(loose, { label: "rolled back" });
      throw new Error("no");
    });
    await assert.rejects(failed, /no/);
    await me().transaction(async (tx) => {
      await tx.jobs.enqueue(loose, { label: "kept" });
      await tx
        .savepoint(async (inner) => {
          await inner.jobs.enqueue(loose, { label: "taken back" });
          throw new Error("only this");
        })
        .catch(() => {});
      await tx.jobs.enqueueMany(loose, [{ input: { label: "also kept" } }]);
    });
    await crm.worker().run();
    assert.deepEqual(program.ran.sort(), ["also kept", "kept"]);
  });

  check("hands out nothing before its commit", async (bench) => {
    if (!bench.isShared) return;
    const { me, loose, program, another } = bench;
    const worker = (await another()).worker();
    await me().transaction(async (tx) => {
      await tx.jobs.enqueue(loose, { label: "a" });
      assert.deepEqual(await worker.run(), []);
    });
    await worker.run();
    assert.deepEqual(program.ran, ["a"]);
  });

  check("waits for the time of a job", async ({ crm, me, loose, program, time }) => {
    const { jobs } = me();
    const { id } = await jobs.enqueue(loose, { label: "later" }, { delay: { minutes: 5 } });
    await jobs.enqueue(loose, { label: "at" }, { runAt: "2026-01-05T10:02:00+01:00" });
    await jobs.enqueue(loose, { label: "now" }, { runAt: "2020-01-01T00:00:00Z" });
    assert.equal((await jobs.get(id)).state, "delayed");
    assert.equal(await crm.runtime.jobs.nextAt(), "2026-01-05T09:02:00.000Z");
    const worker = crm.worker();
    await worker.run();
    assert.deepEqual(program.ran, ["now"]);
    time.advance(119_999);
    await worker.run();
    time.advance(1);
    await worker.run();
    assert.deepEqual(program.ran, ["now", "at"]);
    time.advance(180_000);
    await worker.run();
    assert.deepEqual(program.ran, ["now", "at", "later"]);
  });

  check("lets what is more urgent go first", async ({ crm, me, loose, program }) => {
    const many = [0, 5, -3, 1000, 5].map((priority, i) => ({ input: { label: `${i}` }, priority }));
    await me().jobs.enqueueMany(loose, many);
    await crm.worker({ concurrency: 1 }).run();
    assert.deepEqual(program.ran, ["3", "1", "4", "0", "2"]);
  });

  check("makes one job of a dedupe id while it is kept", async (bench) => {
    const { crm, me, loose, other, program, time } = bench;
    const { jobs } = me();
    const first = await jobs.enqueue(loose, { label: "a" }, { dedupeId: "same" });
    assert.deepEqual(await jobs.enqueue(loose, { label: "b" }, { dedupeId: "same" }), {
      id: first.id,
      duplicate: true,
    });
    // In a transaction that has other things to do.
    await me().transaction(async (tx) => {
      const made = await tx.jobs.enqueueMany(loose, [
        { input: { label: "c" }, dedupeId: "same" },
        { input: { label: "d" }, dedupeId: "new" },
        { input: { label: "e" }, dedupeId: "new" },
      ]);
      assert.deepEqual(
        made.map(({ duplicate }) => duplicate),
        [true, false, true],
      );
      assert.equal(made[1]?.id, made[2]?.id);
      await tx.jobs.enqueue(loose, { label: "f" });
    });
    await jobs.enqueue(other, { label: "another queue" }, { dedupeId: "same" });
    await me("elsewhere").jobs.enqueue(loose, { label: "another tenant" }, { dedupeId: "same" });
    await crm.worker().run();
    assert.deepEqual(program.ran.sort(), ["a", "another queue", "another tenant", "d", "f"]);
    assert.equal((await jobs.enqueue(loose, { label: "g" }, { dedupeId: "same" })).duplicate, true);
    // Long enough that nothing of it is kept.
    time.advance(40 * 86_400_000);
    await crm.worker().run();
    assert.equal((await jobs.enqueue(loose, { label: "h" }, { dedupeId: "same" })).duplicate, false);
  });

  check("refuses what cannot be meant, and makes nothing of it", async ({ crm, me, loose }) => {
    const { jobs } = me();
    const refusals: [string, () => Promise<unknown>][] = [
      ["validation-failed", () => jobs.enqueue(loose, { label: 1 } as never)],
      ["validation-failed", () => jobs.enqueue(loose, { label: "a", more: 1 } as never)],
      ["job-missing", () => jobs.enqueue({ name: "conform.losse" }, {})],
      ["invalid-job", () => jobs.enqueue(loose, { label: "a" }, { priority: 1.5 })],
      ["invalid-job", () => jobs.enqueue(loose, { label: "a" }, { delay: -1 })],
      ["invalid-job", () => jobs.enqueue(loose, { label: "a" }, { delay: 1, runAt: "2026-01-05T09:00:00Z" })],
      ["invalid-job", () => jobs.enqueue(loose, { label: "a" }, { orderingKey: "" })],
      ["invalid-job", () => jobs.enqueue(loose, { label: "a" }, { orderingKey: "a", concurrencyKey: "a" })],
      ["invalid-job", () => jobs.enqueue(loose, { label: "a" }, { dedupeId: "x".repeat(201) })],
      ["invalid-instant", () => jobs.enqueue(loose, { label: "a" }, { runAt: "tomorrow" })],
    ];
    for (const [code, make] of refusals)
      await assert.rejects(make(), (error) => isCormError(error) && error.code === code, code);
    assert.deepEqual((await jobs.list()).items, []);
    assert.deepEqual(await crm.worker().run(), []);
  });

  check("commits what a job does together with its completion", async (bench) => {
    const { crm, me, exact, loose, program, time } = bench;
    await me().jobs.enqueue(exact, { label: "exact" });
    program.run = async (ctx) => assert.equal(ctx.inTransaction, true);
    await crm.worker().run();
    program.run = async (ctx, label, job) =>
      ctx.transaction(async (tx) => {
        await tx.repo(mark).create({ label, job: job.id });
        await job.complete(tx);
      });
    await me().jobs.enqueue(loose, { label: "by hand" });
    await crm.worker().run();
    assert.deepEqual(await marksOf(me()), ["by hand", "exact"]);
    time.advance(60_000);
    assert.deepEqual(await crm.worker().run(), []);
  });
}
