import { crmCore, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import { thing } from "../support/toys.js";

const { program, plugin } = programmable();
const HOUR = 60 * 60 * 1000;

onDatabases({ plugins: [crmCore(), plugin] }, (app) => {
  it.each([HOUR, -HOUR, 24 * HOUR, -24 * HOUR])(
    "M102 the wall clock jumps by %i ms while a request with a key runs: one effect, and one answer",
    async (jump) => {
      const { crm, clock } = app();
      const me = app().fresh();
      const { key } = await issueApiKey(me, { name: "clock", roles: ["admin"] });
      const http = createHttp(crm, { tenants: [me.tenant] });
      const post = () =>
        http.request("/api/things", {
          method: "POST",
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": "application/json",
            "idempotency-key": "once",
          },
          body: JSON.stringify({ title: "A" }),
        });
      let going = (): void => {};
      let begun = (): void => {};
      const started = new Promise<void>((resolve) => {
        begun = resolve;
      });
      const gate = new Promise<void>((resolve) => {
        going = resolve;
      });
      program.beforeCreate = async () => {
        delete program.beforeCreate;
        begun();
        await gate;
      };
      const first = post();
      await started;
      clock.set(new Date(clock.now() + jump).toISOString());
      // Where there is one connection only, a twin waits for the first.
      const twin = post();
      going();
      const answers = await Promise.all([first, twin]);
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 201 || status === 409)).toHaveLength(2);
      expect(statuses).toContain(201);
      expect(await me.repo(thing).count()).toBe(1);
      const [one] = (await me.repo(thing).find()).items;
      const again = await post();
      expect([again.status, ((await again.json()) as { id: string }).id]).toEqual([201, one?.id]);
      expect(await me.repo(thing).count()).toBe(1);
    },
  );
});
