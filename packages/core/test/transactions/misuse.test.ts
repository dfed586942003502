import { TransactionMisuse } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import { thing, toys } from "../support/toys.js";

const { program, plugin } = programmable();
const misuse = (words: RegExp) =>
  expect.toSatisfy((e: Error) => TransactionMisuse.is(e) && words.test(e.message));

onDatabases({ plugins: [plugin] }, (app) => {
  describe("is refused, with words that name the way out:", () => {
    it("the outer session inside a transaction", async () => {
      const me = app().fresh();
      await me.transaction(async (tx) => {
        await tx.entities.thing.create({ title: "A" });
        const outside =
          /from outside was used inside a transaction.*Use the session that transaction\(\) hands/s;
        await expect(me.entities.thing.count()).rejects.toEqual(misuse(outside));
        await expect(me.entities.thing.create({ title: "B" })).rejects.toEqual(misuse(outside));
        await expect(me.transaction(async () => 1)).rejects.toEqual(misuse(outside));
        await expect(me.savepoint(async () => 1)).rejects.toEqual(misuse(outside));
        await expect(app().fresh().entities.thing.count()).rejects.toEqual(misuse(outside));
      });
      expect(await me.entities.thing.count()).toBe(1);
    });

    it("the outer session inside a hook, and a stream of it", async () => {
      const me = app().fresh();
      program.afterCreate = async () => void (await me.entities.thing.count());
      await expect(me.entities.thing.create({ title: "A" })).rejects.toEqual(misuse(/from outside/));
      await me.transaction(async () => {
        const reading = async () => {
          for await (const _ of me.entities.thing.stream()) break;
        };
        await expect(reading()).rejects.toEqual(misuse(/from outside/));
      });
    });

    it("the outer session in what a hook answers that is a promise of another kind", async () => {
      const me = app().fresh();
      const later = async () => {
        await Promise.resolve();
        return void (await me.entities.thing.count());
      };
      program.afterCreate = (() => {
        const running = later();
        // biome-ignore lint/suspicious/noThenProperty: as promises of other libraries have it.
        return { then: running.then.bind(running) };
      }) as never;
      await expect(me.entities.thing.create({ title: "A" })).rejects.toEqual(misuse(/from outside/));
    });

    it("a session after its transaction, kept by whatever means", async () => {
      const me = app().fresh();
      await me.entities.thing.createMany(Array.from({ length: 3 }, (_, i) => ({ title: `T${i}` })));
      const kept = await me.transaction(async (tx) => ({ tx, rows: tx.entities.thing.stream({ limit: 1 }) }));
      const over = /after its transaction had ended.*Await everything/s;
      await expect(kept.tx.entities.thing.count()).rejects.toEqual(misuse(over));
      await expect(kept.tx.transaction(async () => 1)).rejects.toEqual(misuse(over));
      await expect(kept.rows[Symbol.asyncIterator]().next()).rejects.toEqual(misuse(over));
    });

    it("work that nobody awaited", async () => {
      const me = app().fresh();
      let dangling: Promise<unknown> = Promise.resolve();
      await me.transaction(async (tx) => {
        dangling = (async () => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          await tx.entities.thing.create({ title: "late" });
        })();
        dangling.catch(() => {});
      });
      await expect(dangling).rejects.toEqual(misuse(/after its transaction had ended/));
      expect(await me.entities.thing.count()).toBe(0);
    });

    it("the transaction's session inside a savepoint, and two savepoints at once", async () => {
      const me = app().fresh();
      await me.transaction(async (tx) => {
        await tx.savepoint(async () => {
          await expect(tx.entities.thing.count()).rejects.toEqual(misuse(/savepoint/));
        });
        const both = [1, 2].map((n) =>
          tx.savepoint(async (inner) => {
            await inner.entities.thing.create({ title: `T${n}` });
          }),
        );
        const outcomes = await Promise.allSettled(both);
        expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
        await tx.entities.thing.create({ title: "after both" });
      });
      expect(await me.entities.thing.count()).toBe(2);
    });
  });

  describe("is not seen where there is none:", () => {
    it("fifty requests at once, each with a transaction, hooks, a stream and work after the commit", async () => {
      const done: string[] = [];
      program.afterCreate = async (batch, ctx) => {
        await ctx.savepoint((inner) => inner.repo(thing).update(batch[0]?.row.id as string, { count: 1 }));
      };
      program.committedCreate = async (batch, ctx) => {
        await ctx.repo(thing).get(batch[0]?.row.id as string);
        done.push(batch[0]?.row.title as string);
      };
      const request = async (n: number): Promise<number> => {
        const me = app().fresh();
        await me.entities.thing.create({ title: `first ${n}` });
        await me.transaction(async (tx) => {
          await tx.entities.thing.create({ title: `second ${n}` });
          await Promise.all([tx.entities.thing.count(), tx.entities.thing.find(), tx.entities.box.count()]);
        });
        let seen = 0;
        for await (const row of me.entities.thing.stream({ limit: 1 })) {
          await me.transaction((tx) => tx.entities.thing.update(row.id, { stage: "open" }));
          seen += 1;
        }
        return seen + (await me.entities.thing.count({ stage: "open" }));
      };
      const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => request(n)));
      expect(answers).toEqual(Array(50).fill(4));
      expect(new Set(done).size).toBe(100);
    });

    it("timers, emitters and promises that began inside and go on outside", async () => {
      const me = app().fresh();
      let later: Promise<number> = Promise.resolve(0);
      await me.transaction(async (tx) => {
        await tx.entities.thing.create({ title: "A" });
        later = new Promise((resolve, reject) => {
          setTimeout(() => me.entities.thing.count().then(resolve, reject), 50);
        });
      });
      expect(await later).toBe(1);
    });
  });
});

it("one CRM's transaction is nothing to another CRM", async () => {
  const [one, other] = [
    await createTestCrm({ plugins: [toys()] }),
    await createTestCrm({ plugins: [toys()] }),
  ];
  await one.me.transaction(async (tx) => {
    await tx.entities.thing.create({ title: "here" });
    await other.me.entities.thing.create({ title: "there" });
    await other.me.transaction((inner) => inner.entities.thing.count());
  });
  expect(await other.me.entities.thing.count()).toBe(1);
  await Promise.all([one.crm.stop(), other.crm.stop()]);
});
