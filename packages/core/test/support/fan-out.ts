import { randomUUID } from "node:crypto";
import { type Context, type Crm, contact, createSubscriber, crmCore, type SubscribedEntry } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { suiteName } from "./databases.js";
import { reuse } from "./reused.js";

interface FanOut {
  readonly name: string;
  readonly partitions: number;
}

export interface FanOutRelay extends FanOut {
  readonly tenants: () => string[];
  readonly groups: string[];
  readonly where: (entry: SubscribedEntry) => boolean;
  readonly backlog?: number;
}

export interface FanOutConsumer extends FanOut {
  readonly group: string;
  readonly handle: (entries: readonly SubscribedEntry[], tx: Context) => Promise<void>;
  readonly attempts?: number;
}

/** What brings the journal to other processes. */
export interface FanOutBroker {
  readonly title: string;
  /** Whether its server is not there. */
  readonly missing: boolean;
  createRelay(crm: Crm, options: FanOutRelay): { run(): Promise<number> };
  createConsumer(crm: Crm, options: FanOutConsumer): { run(): Promise<number> };
  /** Takes away what it keeps, as a server that lost its disk would. */
  wipe(name: string): Promise<void>;

  /** Entries that it keeps. */
  length(name: string): Promise<number>;
  /** What a group could not do. */
  dead(name: string, group: string): Promise<string[]>;
  /** Of the relay. */
  cursor(name: string): string;
  /** A `backlog` that 5 entries exceed, and what is left of entries that were done does not. */
  readonly small: number;
  /** Whether other tenants of a partition go on while an entry of one fails. */
  readonly keepsTenantsApart: boolean;
}

const accounts = (entry: SubscribedEntry) => entry.entity === "account";

/** What every fan-out of the journal does, whatever the broker. */
export function fanOutSuite(broker: FanOutBroker): void {
  for (const database of reuse()) {
    describe.skipIf(broker.missing || !database.available)(`${broker.title}, ${suiteName(database)}`, () => {
      async function open() {
        const { url, drop } = await database.create();
        const app = await createTestCrm({ plugins: [crmCore()], storage: knexStorage({ url }) });
        const name = `t${randomUUID().slice(0, 8)}`;
        const relay = (more: Partial<FanOutRelay> = {}) =>
          broker.createRelay(app.crm, {
            name,
            tenants: () => ["test", "other"],
            groups: ["copy"],
            partitions: 3,
            where: accounts,
            ...more,
          });
        const seen: string[] = [];
        /** One contact per entry: a second one of the same would be refused, and a lost one is missing. */
        const consumer = (more: Partial<FanOutConsumer> = {}) =>
          broker.createConsumer(app.crm, {
            name,
            group: "copy",
            partitions: 3,
            handle: async (entries, tx) => {
              seen.push(...entries.map(({ record, version }) => `${record}:${version}`));
              await tx
                .repo(contact)
                .createMany(
                  entries.map(({ id, record }) => ({ lastName: record as string, externalId: id })),
                );
            },
            ...more,
          });
        const close = async () => {
          await broker.wipe(name);
          await app.crm.stop();
          await drop();
        };
        const length = () => broker.length(name);
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
          // The cursor as it was before: what was published is in the broker, and was not noted.
          const cursor = createSubscriber(crm, {
            name: broker.cursor(name),
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
          await broker.wipe(name);
          await out.run();
          await consumer().run();
          expect(await me.entities.contact.count()).toBe(22);
          // Also while nothing new comes.
          await make(3);
          await out.run();
          await broker.wipe(name);
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
                .createMany(
                  entries.map(({ id, record }) => ({ lastName: record as string, externalId: id })),
                );
              if (entries.some(({ record }) => record === bad)) throw new Error("not this one");
            },
          });
          await expect(picky.run()).rejects.toThrow("not this one");
          const apart = broker.keepsTenantsApart ? 1 : 0;
          expect(await inTenant("other").entities.contact.count()).toBe(apart);
          await expect(picky.run()).rejects.toThrow("not this one");
          expect(await picky.run()).toBe(11);
          expect(await inTenant("other").entities.contact.count()).toBe(1);
          expect(await me.entities.contact.count()).toBe(9);
          const dead = await broker.dead(name, "copy");
          expect(dead).toHaveLength(1);
          expect(dead[0]).toContain("test");
          expect(dead[0]).toContain("Error: not this one");
          expect(errors.map(String)).toEqual(["Error: not this one"]);
        } finally {
          await close();
        }
      });

      it("waits with publishing while the streams are full", async () => {
        const { me, relay, consumer, close, length } = await open();
        try {
          await me.entities.account.createMany(Array.from({ length: 5 }, (_, n) => ({ name: `a${n}` })));
          const out = relay({ backlog: broker.small });
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
}
