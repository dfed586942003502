import { crmCore, definePlugin, defineRoute } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { afterEach, expect, it, vi } from "vitest";

afterEach(() => {
  vi.useRealTimers();
});

it("L95 holds a key as long as the work goes on that cannot be taken back", async () => {
  let runs = 0;
  let finish = (): void => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const slow = defineRoute({
    method: "POST",
    path: "/api/slow",
    permission: "slow.work",
    summary: "Works for minutes",
    body: Type.Object({}),
    timeout: null,
    handle: async () => {
      runs += 1;
      await finished;
      return Response.json({ runs });
    },
  });
  const plugin = definePlugin({
    name: "slow",
    version: "0.1.0",
    corm: "^0.1",
    setup: () => ({ routes: [slow], permissions: { "slow.work": "Work slowly" } }),
  });
  const { crm, clock } = await createTestCrm({ plugins: [crmCore(), plugin()] });
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const http = createHttp(crm, {
    authenticate: () => ({ actor: { kind: "user", id: "u" }, tenant: "test", roles: ["admin"] }),
  });
  const post = () =>
    http.request("/api/slow", {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": "one" },
      body: "{}",
    });
  const first = post();
  await vi.waitFor(() => expect(runs).toBe(1));
  for (let seconds = 0; seconds < 100; seconds += 20) {
    clock.advance(20_000);
    await vi.advanceTimersByTimeAsync(20_000);
  }
  const twin = await post();
  expect([twin.status, ((await twin.json()) as { code: string }).code]).toEqual([409, "in-progress"]);
  finish();
  expect((await first).status).toBe(200);
  expect(await (await post()).json()).toEqual({ runs: 1 });
  expect(runs).toBe(1);
  await crm.stop();
});
