import { before, defineEntity, defineEvent, definePlugin, type JournalEntry, secret } from "@corm/core";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { thing, toys, toysWith } from "../support/toys.js";

const locker = defineEntity("locker", {
  fields: { name: Type.String(), code: Type.Optional(secret(Type.String())) },
});
const tally = defineEntity("tally", { fields: { n: Type.Integer() }, internal: true, journal: false });
const opened = defineEvent("locker.opened", Type.Object({ by: Type.String() }));
const lockers = definePlugin({
  name: "lockers",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({ entities: { locker, tally }, events: [opened] }),
});

const told = ({ operation, version, changes }: JournalEntry) => ({ operation, version, changes });

onDatabases({ plugins: [toys(), lockers()] }, (app) => {
  describe("the history of a record", () => {
    it("has every write with who, when, through what, before and after, newest first", async () => {
      const me = app().fresh();
      const made = await me.entities.thing.create({
        title: "One",
        price: { amount: "12.50", currency: "EUR" },
        extra: { a: [1] },
      });
      app().clock.advance({ minutes: 1 });
      await me.entities.thing.update(made.id, { title: "Two", price: null });
      app().clock.advance({ minutes: 1 });
      await me.entities.thing.delete(made.id);
      app().clock.advance({ minutes: 1 });
      const back = await me.entities.thing.restore(made.id);
      const { items, next } = await me.entities.thing.history(made.id);
      expect(next).toBeNull();
      expect(items.map(told)).toEqual([
        {
          operation: "restore",
          version: 4,
          changes: { deletedAt: [items[1]?.at, null] },
        },
        { operation: "delete", version: 3, changes: { deletedAt: [null, items[1]?.at] } },
        {
          operation: "update",
          version: 2,
          changes: { title: ["One", "Two"], price: [{ amount: "12.50", currency: "EUR" }, null] },
        },
        {
          operation: "create",
          version: 1,
          changes: {
            title: [null, "One"],
            stage: [null, "new"],
            done: [null, false],
            price: [null, { amount: "12.50", currency: "EUR" }],
            extra: [null, { a: [1] }],
          },
        },
      ]);
      expect(items[0]).toMatchObject({
        at: back.updatedAt,
        entity: "thing",
        record: made.id,
        actor: { kind: "user", id: me.actor.kind === "user" ? me.actor.id : "" },
        cause: ["thing.restore"],
      });
      expect(items[3]?.at).toBe(made.createdAt);
    });

    it("is paged, and refuses cursors of other records and tenants", async () => {
      const [me, other] = [app().fresh(), app().fresh()];
      const { id } = await me.entities.box.create({ label: "0" });
      for (let n = 1; n < 7; n++) await me.entities.box.update(id, { label: String(n) });
      const seen: (number | null)[] = [];
      let after: string | null = null;
      do {
        const page = await me.entities.box.history(id, { limit: 3, after });
        seen.push(...page.items.map((entry) => entry.version));
        after = page.next;
        if (after !== null)
          await expect(other.entities.box.history(id, { after })).rejects.toMatchObject({
            code: "invalid-cursor",
          });
      } while (after !== null);
      expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
      await expect(other.entities.box.history(id)).rejects.toMatchObject({ code: "not-found" });
    });

    it("says what a deletion took along, and what a purge cleared", async () => {
      const me = app().fresh();
      const outer = await me.entities.box.create({ label: "outer" });
      const inner = await me.entities.box.create({ label: "inner", parentId: outer.id });
      const cover = await me.entities.lid.create({ name: "cover", boxId: inner.id });
      const inside = await me.entities.thing.create({ title: "inside", boxId: inner.id });
      await me.entities.box.delete(outer.id);
      const { items } = await me.entities.lid.history(cover.id);
      expect(items[0]).toMatchObject({ operation: "delete", cause: ["box.delete", "lid.delete"] });
      await me.entities.box.purge(outer.id);
      const cleared = (await me.entities.thing.history(inside.id)).items[0] as JournalEntry;
      expect(told(cleared)).toEqual({
        operation: "update",
        version: 2,
        changes: { boxId: [inner.id, null] },
      });
      expect(await me.entities.thing.get(inside.id)).toMatchObject({ version: 2, boxId: null });
      const page = await me.asSystem({ reason: "test" }).changes({ limit: 500 });
      expect(page.items.filter((entry) => entry.operation === "purge")).toEqual([]);
    });

    it("has values of secret fields as fingerprints only", async () => {
      const me = app().fresh();
      const system = me.asSystem({ reason: "test" });
      const { id } = await system.entities.locker.create({ name: "A", code: "1234" });
      await system.entities.locker.update(id, { code: "5678" });
      await system.entities.locker.update(id, { code: "1234" });
      expect((await me.entities.locker.history(id)).items.map(({ changes }) => changes)).toEqual([
        {},
        {},
        { name: [null, "A"] },
      ]);
      const text = JSON.stringify((await app().storedJournal(me.tenant)).map((row) => row["changes"]));
      expect(text).not.toContain("1234");
      expect(text).not.toContain("5678");
      const changes = (await app().storedJournal(me.tenant)).map(
        (row) => JSON.parse(row["changes"] as string).code as [string, string],
      );
      expect(changes[1]?.[0]).toBe(changes[0]?.[1]);
      expect(changes[2]?.[1]).toBe(changes[0]?.[1]);
      expect(changes[1]?.[1]).not.toBe(changes[0]?.[1]);
    });
  });

  describe("the journal", () => {
    it("is written in one statement per batch, and nothing of it stays of what rolls back", async () => {
      const me = app().fresh();
      app().log.clear();
      const rows = await me.entities.thing.createMany([{ title: "a" }, { title: "b" }, { title: "c" }]);
      expect(
        app()
          .log.of("insertMany", "corm_journal")
          .map(({ rows }) => rows),
      ).toEqual([3]);
      app().log.clear();
      await me.entities.thing.updateMany(rows.map(({ id }) => ({ id, patch: { done: true } })));
      expect(
        app()
          .log.of("insertMany", "corm_journal")
          .map(({ rows }) => rows),
      ).toEqual([3]);
      app().log.clear();
      await me.entities.thing.updateMany(rows.map(({ id }) => ({ id, patch: { done: true } })));
      expect(app().log.of("insertMany", "corm_journal")).toEqual([]);
      const before = (await app().storedJournal(me.tenant)).length;
      await expect(
        me.transaction(async (tx) => {
          await tx.entities.thing.create({ title: "gone" });
          throw new Error("no");
        }),
      ).rejects.toThrow("no");
      await me.transaction(async (tx) => {
        await tx
          .savepoint(async (inner) => {
            await inner.entities.thing.create({ title: "gone" });
            throw new Error("no");
          })
          .catch(() => {});
        await tx.entities.thing.create({ title: "kept" });
      });
      const after = await app().storedJournal(me.tenant);
      expect(after.length).toBe(before + 1);
      expect(JSON.stringify(after)).not.toContain("gone");
    });

    it("leaves out entities that say so", async () => {
      const me = app().fresh();
      await me.entities.tally.create({ n: 1 });
      expect(await app().storedJournal(me.tenant)).toEqual([]);
    });

    it("takes events, typed and checked, with their transaction", async () => {
      const me = app().fresh();
      const { id } = await me.entities.locker.create({ name: "A" });
      await me.transaction((tx) => tx.emit(opened, { by: "Ada" }, { entity: locker, record: id }));
      await me.emit(opened, { by: "Bob" });
      await expect(me.emit(opened, { by: 1 } as never)).rejects.toMatchObject({ code: "event-broken" });
      await expect(
        me.transaction(async (tx) => {
          await tx.emit(opened, { by: "Eve" }, { entity: locker, record: id });
          throw new Error("no");
        }),
      ).rejects.toThrow("no");
      const [event] = (await me.entities.locker.history(id)).items;
      expect(event).toMatchObject({
        operation: "event",
        event: "locker.opened",
        payload: { by: "Ada" },
        changes: null,
      });
      expect((await app().storedJournal(me.tenant)).map((row) => row["event"])).toEqual([
        null,
        "locker.opened",
        "locker.opened",
      ]);
      const unknown = defineEvent("locker.lost", Type.Object({}));
      await expect(me.emit(unknown, {})).rejects.toMatchObject({ code: "event-missing" });
    });
  });

  describe("the change feed", () => {
    it("goes on after a cursor, and shows nothing of other tenants", async () => {
      const [me, other] = [app().fresh(), app().fresh()];
      const start = await me.changes({ after: "now" });
      expect(start).toMatchObject({ items: [], more: false });
      const { id } = await me.entities.box.create({ label: "one" });
      await other.entities.box.create({ label: "other" });
      const first = await me.changes({ after: start.next, limit: 1 });
      expect(first.items.map((entry) => entry.record)).toEqual([id]);
      expect(first.more).toBe(true);
      const empty = await me.changes({ after: first.next });
      expect(empty).toMatchObject({ items: [], more: false });
      await me.entities.box.update(id, { label: "two" });
      const { items } = await me.changes({ after: empty.next });
      expect(items.map(told)).toEqual([
        { operation: "update", version: 2, changes: { label: ["one", "two"] } },
      ]);
      await expect(other.changes({ after: empty.next })).rejects.toMatchObject({ code: "invalid-cursor" });
      await expect(me.changes({ after: "nonsense" })).rejects.toMatchObject({ code: "invalid-cursor" });
      expect((await me.changes()).items).toHaveLength(2);
    });

    it("asks once per entity for what the actor may see", async () => {
      const me = app().fresh();
      const things = await me.entities.thing.createMany([{ title: "a" }, { title: "b" }]);
      await me.entities.box.create({ label: "c" });
      await me.entities.thing.update(things[0]?.id as string, { title: "d" });
      await me.changes();
      app().log.clear();
      await me.changes();
      expect(app().log.of("findMany", "thing")).toHaveLength(1);
      expect(app().log.of("findMany", "box")).toHaveLength(1);
    });

    it("is not read within a transaction", async () => {
      const me = app().fresh();
      await expect(me.transaction((tx) => tx.changes())).rejects.toMatchObject({
        code: "transaction-misuse",
      });
    });
  });
});

describe("a hook that writes the record itself", () => {
  onDatabases(
    {
      on: ["SQLite in memory"],
      plugins: [
        toysWith(
          before(thing, "purge", { name: "toys.last" }, async (batch, ctx) => {
            for (const { before: row } of batch) await ctx.repo(thing).update(row.id, { note: "last words" });
          }),
        ),
      ],
    },
    (app) => {
      it("leaves versions in the journal without a gap", async () => {
        const me = app().fresh();
        const { id } = await me.entities.thing.create({ title: "one" });
        await me.entities.thing.purge(id);
        const rows = await app().storedJournal(me.tenant);
        expect(rows.map((row) => [row["operation"], row["version"]])).toEqual([
          ["create", 1],
          ["update", 2],
          ["purge", 3],
        ]);
        expect(rows[2]?.["cause"]).toBe("thing.purge");
        expect(rows[1]?.["cause"]).toBe("thing.purge thing.update");
      });
    },
  );
});
