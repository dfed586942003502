import { describe, expect, it } from "vitest";
import { databases, suiteName } from "../../core/test/support/databases.js";
import { effect, openKilled, whole } from "./killed.js";
import { freshPrefix, missing, redisUrl, title, wipe } from "./servers.js";

const me = { actor: { kind: "user" as const, id: "u" }, tenant: "test", roles: ["admin"] };
const NOBODY = "redis://127.0.0.1:1";

for (const database of databases.filter(({ name }) => name === "SQLite in a file")) {
  describe.skipIf(missing)(`${title}, ${suiteName(database)}`, () => {
    it("runs everything after BullMQ lost it, also what is beyond the window", async () => {
      const { url, drop } = await database.create();
      const prefix = freshPrefix();
      const crm = await openKilled(url, prefix, redisUrl, () => {}, { window: 20 });
      const session = crm.as(me);
      const jobs = Array.from({ length: 100 }, (_, number) => ({
        input: { key: "", number: number * 7 + 1 },
      }));
      await session.jobs.enqueueMany(whole, jobs);
      // The window went to Redis, and is lost.
      await crm.worker({ queues: [] }).run();
      expect(await wipe(prefix)).toBeGreaterThan(20);
      const ends = await crm.worker().run();
      expect(ends.length).toBe(100);
      expect(await session.repo(effect).count()).toBe(100);
      await crm.stop();
      await wipe(prefix);
      await drop();
    });

    it("makes jobs while Redis is away, and runs them once it is there", async () => {
      const { url, drop } = await database.create();
      const prefix = freshPrefix();
      const faults: unknown[] = [];
      const away = await openKilled(url, prefix, NOBODY, (error) => faults.push(error));
      const jobs = Array.from({ length: 10 }, (_, number) => ({
        input: { key: "", number: number * 7 + 1 },
      }));
      await away.as(me).jobs.enqueueMany(whole, jobs);
      await expect(away.worker().run()).rejects.toThrow();
      expect(faults.length).toBeGreaterThan(0);
      await away.stop();
      const crm = await openKilled(url, prefix);
      expect((await crm.worker().run()).map(({ outcome }) => outcome)).toEqual(Array(10).fill("done"));
      await crm.stop();
      await wipe(prefix);
      await drop();
    });
  });
}
