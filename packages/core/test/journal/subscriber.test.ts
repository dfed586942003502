import { createSubscriber, type JournalEntry } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { box, toys } from "../support/toys.js";

onDatabases({ plugins: [toys()] }, (app) => {
  describe("a subscriber", () => {
    it("gets every entry once and in order, goes on after a restart, and starts where it is told", async () => {
      const me = app().fresh();
      const seen: (number | null)[] = [];
      const options = {
        name: "test.seen",
        tenant: me.tenant,
        batch: 2,
        handle: async (entries: readonly JournalEntry[]) => {
          seen.push(...entries.map((entry) => entry.version));
        },
      };
      const { id } = await me.entities.box.create({ label: "0" });
      for (let n = 1; n < 5; n++) await me.entities.box.update(id, { label: String(n) });
      expect(await createSubscriber(app().crm, options).run()).toBe(5);
      await me.entities.box.update(id, { label: "5" });
      expect(await createSubscriber(app().crm, options).run()).toBe(1);
      expect(await createSubscriber(app().crm, options).run()).toBe(0);
      expect(seen).toEqual([1, 2, 3, 4, 5, 6]);
      const late = createSubscriber(app().crm, { ...options, name: "test.late", from: "now" });
      expect(await late.run()).toBe(0);
      await me.entities.box.update(id, { label: "6" });
      expect(await late.run()).toBe(1);
    });

    it("L98 writes with its cursor: a failure leaves neither, and the entry comes again", async () => {
      const me = app().fresh();
      let fail = true;
      const subscriber = createSubscriber(app().crm, {
        name: "test.copy",
        tenant: me.tenant,
        handle: async (entries, tx) => {
          const copies = entries.filter(({ entity, cause }) => entity === "thing" && cause.length === 1);
          await tx.repo(box).createMany(copies.map(({ record }) => ({ label: record as string })));
          if (fail) throw new Error("half way");
        },
      });
      await me.entities.thing.createMany([{ title: "a" }, { title: "b" }]);
      await expect(subscriber.run()).rejects.toThrow("half way");
      expect(await me.entities.box.count()).toBe(0);
      fail = false;
      await subscriber.run();
      await subscriber.run();
      expect(await me.entities.box.count()).toBe(2);
    });

    it("is at work in one process at a time; another takes over after the lease, and doubles nothing", async () => {
      const me = app().fresh();
      await me.entities.thing.createMany([{ title: "a" }, { title: "b" }, { title: "c" }]);
      let release: () => void = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      let entered: () => void = () => {};
      const inside = new Promise<void>((resolve) => {
        entered = resolve;
      });
      let handled = 0;
      const make = (slow: boolean) =>
        createSubscriber(app().crm, {
          name: "test.leader",
          tenant: me.tenant,
          lease: 30_000,
          handle: async (entries, tx) => {
            if (slow) {
              entered();
              await held;
            }
            // Not those of its own making, which would go on without end.
            const others = entries.filter(({ cause }) => cause.length === 1 && cause[0] === "thing.create");
            handled += others.length;
            await tx.repo(box).createMany(others.map((entry) => ({ label: entry.id })));
          },
        });
      // SQLite has one writer: whoever is inside keeps the other from even asking.
      if (app().crm.runtime.storage.capabilities.concurrentWriters) {
        const first = make(true).run();
        await inside;
        expect(await make(false).run()).toBe(0);
        release();
        await first;
      } else await make(false).run();
      await make(false).run();
      expect(handled).toBe(3);
      expect(await me.entities.box.count()).toBe(3);
    });

    it("works in the background, woken by commits, and stops", async () => {
      const me = app().fresh();
      let wake: () => void = () => {};
      const got = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const subscriber = createSubscriber(app().crm, {
        name: "test.live",
        tenant: me.tenant,
        interval: 60_000,
        handle: async (entries) => {
          if (entries.some(({ entity }) => entity === "box")) wake();
        },
      });
      subscriber.start();
      await new Promise((resolve) => setTimeout(resolve, 300));
      await me.entities.box.create({ label: "wake up" });
      await got;
      await subscriber.stop();
    });
  });
});
