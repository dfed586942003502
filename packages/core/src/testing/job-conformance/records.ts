import assert from "node:assert/strict";
import { createSubscriber } from "../../journal/subscriber.js";
import { type Check, labelled } from "./suite.js";

const READER = "00000000-0000-7000-8000-000000000002";

/** Looking at jobs, and taking them back. */
export function recordTests(check: Check): void {
  check("lists the jobs of a tenant, newest first, page by page", async ({ crm, me, loose, other }) => {
    const labels = labelled(7);
    for (const label of labels) await me().jobs.enqueue(loose, { label });
    await me().jobs.enqueue(other, { label: "other" }, { delay: 1000 });
    await me("elsewhere").jobs.enqueue(loose, { label: "not mine" });
    const { jobs } = me();
    const seen: string[] = [];
    for (let after: string | null | undefined; after !== null; ) {
      const page = await jobs.list({ limit: 3, after, name: loose.name });
      seen.push(...page.items.map(({ input }) => (input as { label: string }).label));
      after = page.next;
    }
    assert.deepEqual(seen, [...labels].reverse());
    assert.deepEqual(
      (await jobs.list({ state: "delayed" })).items.map(({ queue, state }) => [queue, state]),
      [["other", "delayed"]],
    );
    await crm.worker().run();
    assert.equal((await jobs.list({ state: "done" })).items.length, 7);
    await assert.rejects(jobs.list({ after: "forged" }), { code: "invalid-cursor" });
    const [first, second] = (await jobs.list({ limit: 2 })).items.map(({ id }) => id) as [string, string];
    const [foreign] = (await me("elsewhere").jobs.list()).items;
    const ids = [first.toUpperCase(), second, foreign?.id as string, READER, "no id"];
    assert.deepEqual(
      (await jobs.list({ ids })).items.map(({ id }) => id),
      [first, second],
    );
    assert.deepEqual((await jobs.list({ ids: [] })).items, []);
    await assert.rejects(jobs.list({ ids: Array.from({ length: 501 }, () => first) }), TypeError);
  });

  check("shows and changes jobs of the tenant only, and to those who may", async ({ crm, me, loose }) => {
    const { id } = await me().jobs.enqueue(loose, { label: "a" });
    const foreign = me("elsewhere").jobs;
    for (const unknown of [id, "no id"])
      for (const call of ["get", "cancel", "replay"] as const)
        await assert.rejects(foreign[call](unknown), { code: "not-found" });
    const nobody = crm.as({ actor: { kind: "user", id: READER }, tenant: "test", roles: [] }).jobs;
    await assert.rejects(nobody.list(), { code: "forbidden" });
    for (const call of ["get", "cancel", "replay"] as const)
      await assert.rejects(nobody[call](id), { code: "forbidden" });
    assert.equal((await me().jobs.get(id)).state, "ready");
  });

  check("takes a job back before it is done", async (bench) => {
    const { crm, me, loose, program } = bench;
    const { jobs } = me();
    const waiting = await jobs.enqueue(loose, { label: "waiting" });
    assert.equal((await jobs.cancel(waiting.id)).state, "cancelled");
    const running = await jobs.enqueue(loose, { label: "running" });
    program.run = async () => void (await jobs.cancel(running.id));
    const [end] = await crm.worker().run();
    assert.equal(end?.outcome, "lost");
    assert.equal((await jobs.get(running.id)).state, "cancelled");
    assert.deepEqual(program.ran, ["running"]);
    await assert.rejects(jobs.cancel(running.id), { code: "job-state" });
    program.run = async () => {};
    await jobs.replay(running.id);
    await crm.worker().run();
    assert.equal((await jobs.get(running.id)).state, "done");
    await assert.rejects(jobs.cancel(running.id), { code: "job-state" });
    // Who did it is in the journal, and what was refused is not.
    const payloads: unknown[] = [];
    await createSubscriber(crm, {
      name: "seen",
      tenant: "test",
      handle: async (entries) => {
        for (const { event, payload } of entries)
          if (event?.startsWith("jobs.")) payloads.push([event, payload]);
      },
    }).run();
    const of = ({ id }: { id: string }) => ({ id, name: loose.name });
    assert.deepEqual(payloads, [
      ["jobs.cancelled", of(waiting)],
      ["jobs.cancelled", of(running)],
      ["jobs.replayed", of(running)],
    ]);
  });

  check("forgets what is over after a while", async ({ crm, me, loose, time }) => {
    const { jobs } = me();
    await jobs.enqueue(loose, { label: "a" });
    await jobs.enqueue(loose, { label: "later" }, { delay: { days: 60 } });
    await crm.worker().run();
    assert.equal((await jobs.list()).items.length, 2);
    time.advance(40 * 86_400_000);
    await crm.worker().run();
    assert.deepEqual(
      (await jobs.list()).items.map(({ state }) => state),
      ["delayed"],
    );
  });
}
