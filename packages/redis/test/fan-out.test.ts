import { contact, crmCore, type SubscribedEntry } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { suiteName } from "../../core/test/support/databases.js";
import { reuse } from "../../core/test/support/reused.js";
import { type ConsumerOptions, createConsumer, createRelay, type RelayOptions } from "../src/index.js";
import { connection, freshName, missing, title, wipe } from "./redis-server.js";

const reused = reuse();

const accounts = (entry: SubscribedEntry) => entry.entity === "account";

for (const database of reused) {
  describe.skipIf(missing || !database.available)(`${title}, ${suiteName(database)}`, () => {
    const redis = connection();

    async function open() {
      const { url, drop } = await database.create();
      const app = await createTestCrm({ plugins: [crmCore()], storage: knexStorage({ url }) });
      const name = freshName();
      const relay = (more: Partial<RelayOptions> = {}) =>
        createRelay(app.crm, {
          redis,
          name,
          tenants: () => ["test", "other"],
          groups: ["copy"],
          partitions: 3,
          where: accounts,
          ...more,
        });
      const seen: string[] = [];
      /** One contact per entry: a second one of the same would be refused, and a lost one is missing. */
      const consumer = (more: Partial<ConsumerOptions> = {}) =>
        createConsumer(app.crm, {
          redis,
          name,
          group: "copy",
          partitions: 3,
          handle: async (entries, tx) => {
            seen.push(...entries.map(({ record, version }) => `${record}:${version}`));
            await tx
              .repo(contact)
              .createMany(entries.map(({ id, record }) => ({ lastName: record as string, externalId: id })));
          },
          ...more,
        });
      const close = async () => {
        await wipe(redis, name);
        await app.crm.stop();
        await drop();
      };
      const length = async () => {
        const lengths = await Promise.all([0, 1, 2].map((p) => redis.xlen(`{corm:${name}}:${p}`)));
        return lengths.reduce((sum, each) => sum + each, 0);
      };
      return { ...app, name, relay, consumer, seen, close, length };
    }

    it("brings every entry to every group once, those of one record in order", async () => {
      const { me, inTenant, crm, relay, consumer, seen, close } = await open();
      try {
        const ids = (
          await me.entities.account.createMany(Array.from({ length: 20 }, (_, n) => ({ name: `a${n}` })))
        ).map(({ id }) => id);
        for (let version = 2; version <= 4; version++)
          for (const id of ids) await me.entities.account.update(id, { name: `v${version}` });
        await inTenant("other").entities.account.create({ name: "elsewhere" });
        const out = relay({ groups: ["copy", "count"] });
        await out.run();
        let counted = 0;
        const count = async (entries: readonly SubscribedEntry[]) => {
          counted += entries.length;
        };
        const [first, second] = [consumer(), consumer()];
        const results = await Promise.all([first.run(), second.run()]);
        expect(results[0]! + results[1]!).toBeGreaterThanOrEqual(81);
        expect(await me.entities.contact.count()).toBe(80);
        expect(await inTenant("other").entities.contact.count()).toBe(1);
        expect(await consumer({ group: "count", handle: count }).run()).toBe(81);
        expect(counted).toBe(81);
        for (const id of ids) {
          const own = seen.filter((each) => each.startsWith(id)).map((each) => Number(each.split(":")[1]));
          expect([...new Set(own)]).toEqual([1, 2, 3, 4]);
        }
        await first.run();
        expect(await me.entities.contact.count()).toBe(80);
        expect(crm.runtime.composition).toBeDefined();
      } finally {
        await close();
      }
    });

    it("keeps what not all groups have done, and drops what they have", async () => {
      const { me, relay, consumer, close, length } = await open();
      try {
        await me.entities.account.createMany(Array.from({ length: 30 }, (_, n) => ({ name: `a${n}` })));
        const out = relay({ groups: ["copy", "slow"] });
        await out.run();
        await consumer().run();
        await out.run();
        expect(await length()).toBe(30);
        await consumer({ group: "slow", handle: async () => undefined }).run();
        await out.run();
        // The last of each partition stays, so that readers know where they are.
        expect(await length()).toBeLessThanOrEqual(3);
      } finally {
        await close();
      }
    });

    it("publishes nothing twice after a crash between broker and database", async () => {
      const { me, crm, name, relay, consumer, close, length } = await open();
      try {
        await me.entities.account.createMany([{ name: "a" }, { name: "b" }, { name: "c" }]);
        await relay().run();
        const { createSubscriber } = await import("@corm/core");
        // The cursor as it was before: what was published is in the broker, and was not noted.
        const cursor = createSubscriber(crm, {
          name: `redis:${name}`,
          tenant: "test",
          handle: async () => {},
        });
        expect(await cursor.rewind(1)).toBe(true);
        await me.entities.account.create({ name: "d" });
        await relay().run();
        expect(await length()).toBe(4);
        await consumer().run();
        expect(await me.entities.contact.count()).toBe(4);
      } finally {
        await close();
      }
    });

    it("publishes again what a broker lost, wherever the consumers are", async () => {
      const { me, errors, name, relay, consumer, close } = await open();
      try {
        const out = relay();
        const make = (count: number) =>
          me.entities.account.createMany(Array.from({ length: count }, (_, n) => ({ name: `a${n}` })));
        await make(10);
        await out.run();
        await consumer().run();
        await out.run();
        // Done by all and known as done; then 7 published and not read; then 5 that nobody has published.
        await make(7);
        await out.run();
        await make(5);
        await wipe(redis, name);
        await out.run();
        await consumer().run();
        expect(await me.entities.contact.count()).toBe(22);
        // Also while nothing new comes.
        await make(3);
        await out.run();
        await wipe(redis, name);
        await out.run();
        await consumer().run();
        expect(await me.entities.contact.count()).toBe(25);
        expect(errors.map(String).every((text) => text.includes("has lost what came after"))).toBe(true);
        expect(errors.length).toBe(2);
      } finally {
        await close();
      }
    });

    it("puts aside what fails time and again; others go on, and nothing of it is half done", async () => {
      const { me, inTenant, name, errors, relay, consumer, close } = await open();
      try {
        const { id: bad } = await me.entities.account.create({ name: "bad" });
        await me.entities.account.createMany(Array.from({ length: 9 }, (_, n) => ({ name: `a${n}` })));
        await inTenant("other").entities.account.create({ name: "elsewhere" });
        await relay({ partitions: 1 }).run();
        const picky = consumer({
          partitions: 1,
          attempts: 3,
          handle: async (entries, tx) => {
            await tx
              .repo(contact)
              .createMany(entries.map(({ id, record }) => ({ lastName: record as string, externalId: id })));
            if (entries.some(({ record }) => record === bad)) throw new Error("not this one");
          },
        });
        await expect(picky.run()).rejects.toThrow("not this one");
        expect(await inTenant("other").entities.contact.count()).toBe(1);
        await expect(picky.run()).rejects.toThrow("not this one");
        expect(await picky.run()).toBe(11);
        expect(await me.entities.contact.count()).toBe(9);
        const dead = await redis.xrange(`{corm:${name}}:0:dead:copy`, "-", "+");
        expect(dead).toHaveLength(1);
        expect(dead[0]?.[1]).toEqual(expect.arrayContaining(["test", "Error: not this one"]));
        expect(errors.map(String)).toEqual(["Error: not this one"]);
      } finally {
        await close();
      }
    });

    it("waits with publishing while the streams are full", async () => {
      const { me, relay, consumer, close, length } = await open();
      try {
        await me.entities.account.createMany(Array.from({ length: 5 }, (_, n) => ({ name: `a${n}` })));
        const out = relay({ backlog: 2 });
        await out.run();
        await me.entities.account.create({ name: "later" });
        expect(await out.run()).toBe(0);
        expect(await length()).toBe(5);
        await consumer().run();
        await out.run();
        await out.run();
        await consumer().run();
        expect(await me.entities.contact.count()).toBe(6);
      } finally {
        await close();
      }
    });
  });
}
