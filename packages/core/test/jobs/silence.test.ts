import { crmCore, defineJob, definePlugin, type JobEnd, Type } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { expect, it } from "vitest";

it("a worker that was busy for long, or looks seldom, is not taken for one that has stopped", async () => {
  let end = (): void => {};
  let begun = (): void => {};
  const isBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const long = defineJob("test.long", {
    input: Type.Object({}),
    capability: "test.work",
    lease: 3_600_000,
    timeout: 2_000_000,
    run: () =>
      new Promise<void>((resolve) => {
        end = resolve;
        begun();
      }),
  });
  const plugin = definePlugin({
    name: "test",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({ jobs: [long], capabilities: { "test.work": "Waits." } }),
  });
  const { crm, me, clock } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  await me.jobs.enqueue(long, {});
  const silences: number[] = [];
  let ended = (): void => {};
  const isEnded = new Promise<void>((resolve) => {
    ended = resolve;
  });
  const worker = crm.worker({
    concurrency: 1,
    onEnd: (_: JobEnd) => {
      silences.push(worker.silence());
      ended();
    },
  });
  worker.start();
  await isBegun;
  clock.advance({ minutes: 20 });
  expect(worker.silence()).toBe(0);
  end();
  await isEnded;
  expect(silences).toEqual([0]);
  await worker.stop();
  const seldom = crm.worker({ interval: 60_000, schedules: false });
  seldom.start();
  clock.advance({ seconds: 59 });
  expect(seldom.silence()).toBe(0);
  clock.advance({ minutes: 3 });
  expect(seldom.silence()).toBeGreaterThan(180_000);
  await crm.stop();
});
