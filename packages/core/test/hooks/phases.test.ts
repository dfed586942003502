import { defineError, HookFailed } from "@corm/core";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import { box, lid, thing } from "../support/toys.js";

const NotToday = defineError<{ why: string }>("not-today", {
  status: 409,
  title: "Not today",
  detail: ({ why }) => why,
});

const { program, plugin } = programmable();

onDatabases({ plugins: [plugin] }, (app) => {
  describe("a hook that vetoes", () => {
    for (const phase of ["beforeCreate", "afterCreate"] as const) {
      it(`undoes everything, also what hooks wrote elsewhere: ${phase}`, async () => {
        const me = app().fresh();
        program[phase] = async (_, ctx) => {
          const made = await ctx.repo(box).create({ label: "made by a hook" });
          await ctx.repo(lid).create({ name: "its lid", boxId: made.id });
          throw NotToday({ why: "it rains" });
        };
        await expect(me.entities.thing.create({ title: "A" })).rejects.toSatisfy(NotToday.is);
        await expect(me.entities.thing.createMany([{ title: "A" }, { title: "B" }])).rejects.toSatisfy(
          NotToday.is,
        );
        const counts = [me.entities.thing.count(), me.entities.box.count(), me.entities.lid.count()];
        expect(await Promise.all(counts)).toEqual([0, 0, 0]);
      });
    }

    it("undoes updates and deletes", async () => {
      const me = app().fresh();
      const one = await me.entities.thing.create({ title: "A" });
      const veto = () => {
        throw NotToday({ why: "it rains" });
      };
      Object.assign(program, { afterUpdate: veto, afterDelete: veto });
      await expect(me.entities.thing.update(one.id, { title: "B" })).rejects.toSatisfy(NotToday.is);
      await expect(me.entities.thing.delete(one.id)).rejects.toSatisfy(NotToday.is);
      expect(await me.entities.thing.get(one.id)).toEqual(one);
    });
  });

  it("shows the record to `after`, and not yet to `before`", async () => {
    const me = app().fresh();
    const seen: number[] = [];
    program.beforeCreate = async (_, ctx) => void seen.push(await ctx.repo(thing).count());
    program.afterCreate = async ([change], ctx) => {
      seen.push(await ctx.repo(thing).count());
      expect(await ctx.repo(thing).get(change?.row.id as string)).toEqual(change?.row);
    };
    await me.entities.thing.create({ title: "A" });
    expect(seen).toEqual([0, 1]);
  });

  describe("committed", () => {
    it("runs once the outermost transaction is committed, outside of it", async () => {
      const me = app().fresh();
      const events: string[] = [];
      program.committedCreate = async (batch, ctx) => {
        expect(ctx.inTransaction).toBe(false);
        const stored = await ctx.repo(thing).count();
        events.push(`${batch.map(({ row }) => row.title).join()} of ${stored}`);
      };
      await me.transaction(async (tx) => {
        await tx.entities.thing.create({ title: "A" });
        await tx.transaction(async (inner) => inner.entities.thing.create({ title: "B" }));
        await tx.savepoint(async (inner) =>
          inner.entities.thing.createMany([{ title: "C" }, { title: "D" }]),
        );
        events.push("end of work");
      });
      expect(events).toEqual(["end of work", "A of 4", "B of 4", "C,D of 4"]);
    });

    it("hears nothing of what was rolled back", async () => {
      const me = app().fresh();
      const heard: string[] = [];
      program.committedCreate = (batch) => void heard.push(...batch.map(({ row }) => row.title));
      await expect(
        me.transaction(async (tx) => {
          await tx.entities.thing.create({ title: "gone" });
          throw new Error("changed my mind");
        }),
      ).rejects.toThrow("changed my mind");
      await me.transaction(async (tx) => {
        await tx.entities.thing.create({ title: "kept" });
        const lost = tx.savepoint(async (inner) => {
          await inner.entities.thing.create({ title: "lost" });
          await inner.savepoint((deeper) => deeper.entities.thing.create({ title: "lost deeper" }));
          throw new Error("only this part");
        });
        await expect(lost).rejects.toThrow("only this part");
        await tx.savepoint((inner) => inner.entities.thing.create({ title: "kept too" }));
      });
      expect(heard).toEqual(["kept", "kept too"]);
      expect((await me.entities.thing.find({ orderBy: ["title"] })).items.map(({ title }) => title)).toEqual(
        heard,
      );
    });

    it("cannot undo anything: errors go to onError, other hooks run, the caller gets his record", async () => {
      const me = app().fresh();
      app().errors.length = 0;
      const updated: string[] = [];
      program.committedCreate = () => {
        throw new TypeError("mail server gone");
      };
      program.committedUpdate = ([change]) => void updated.push(change?.row.title as string);
      const made = await me.transaction(async (tx) => {
        const { id } = await tx.entities.thing.create({ title: "A" });
        return tx.entities.thing.update(id, { title: "B" });
      });
      expect(made.title).toBe("B");
      expect(updated).toEqual(["B"]);
      expect(await me.entities.thing.get(made.id)).toEqual(made);
      expect(app().errors).toEqual([expect.toSatisfy(HookFailed.is)]);
      expect(app().errors[0]).toMatchObject({
        message: expect.stringContaining(
          'Hook "toys.committedCreate" of plugin "toys" threw on thing.create (committed)',
        ),
        cause: new TypeError("mail server gone"),
      });
    });

    it("does not say that nothing was written when something was", async () => {
      app().errors.length = 0;
      program.committedCreate = () => {
        throw new Error("late");
      };
      await app().fresh().entities.thing.create({ title: "A" });
      expect((app().errors[0] as Error).message).not.toContain("Nothing was written");
    });

    it("writes in transactions of its own, and may go on for a while, not for ever", async () => {
      const me = app().fresh();
      app().errors.length = 0;
      program.committedCreate = async (_, ctx) => void (await ctx.repo(thing).create({ title: "next" }));
      await me.entities.thing.create({ title: "first" });
      expect(await me.entities.thing.count()).toBe(8);
      expect(app().errors).toHaveLength(1);
      expect((app().errors[0] as { cause: { code: string } }).cause.code).toBe("hook-recursion");
    });
  });

  it("gives back the record as its own hooks left it", async () => {
    const me = app().fresh();
    program.afterCreate = async ([change], ctx) =>
      void (await ctx.repo(thing).update(change?.row.id as string, { stage: "open" }));
    const made = await me.entities.thing.create({ title: "A" });
    expect(made).toMatchObject({ stage: "open", version: 2 });
    expect(await me.entities.thing.get(made.id)).toEqual(made);
    delete program.afterCreate;
    program.afterUpdate = async ([change], ctx) => {
      if (change?.row.count === 7) await ctx.repo(thing).update(change.row.id, { count: 8 });
    };
    expect(await me.entities.thing.update(made.id, { count: 7 })).toMatchObject({ count: 8, version: 4 });
  });

  it("goes on where a `before` hook has written the same record", async () => {
    const me = app().fresh();
    const made = await me.entities.thing.create({ title: "A", count: 1 });
    program.beforeUpdate = async ([change], ctx) => {
      if (change?.patch.title) await ctx.repo(thing).update(change.before.id, { count: 2 });
    };
    program.beforeDelete = async ([change], ctx) =>
      void (await ctx.repo(thing).update(change?.before.id as string, { done: true }));
    const updated = await me.entities.thing.update(made.id, { title: "B" });
    expect(updated).toMatchObject({ title: "B", count: 2, version: 3 });
    await me.entities.thing.delete(made.id);
    expect(await me.entities.thing.get(made.id, { withDeleted: true })).toMatchObject({
      done: true,
      version: 5,
    });
  });
});
