import { after, before, createCrm, defineError, definePlugin, HookFailed, HookRecursion } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";
import { programmable } from "../support/program.js";
import { box, thing, toys } from "../support/toys.js";

const { program, plugin } = programmable();

onDatabases({ plugins: [plugin], on: ["SQLite in memory"] }, (app) => {
  describe("a hook cannot smuggle", () => {
    it("a field that is none: its plugin's fault, not the caller's", async () => {
      const me = app().fresh();
      program.beforeCreate = ([change]) => void Object.assign(change?.input as object, { colour: "red" });
      await expect(me.entities.thing.create({ title: "A" })).rejects.toMatchObject({
        code: "hook-broke-input",
        status: 500,
        message: expect.stringMatching(/thing\.create.*"colour".*toys\.beforeCreate/s),
      });
      for (const name of ["id", "tenantId", "version", "deletedAt"]) {
        program.beforeCreate = ([change]) => void Object.assign(change?.input as object, { [name]: "x" });
        await expect(me.entities.thing.create({ title: "A" })).rejects.toMatchObject({
          code: "hook-broke-input",
        });
      }
      expect(await me.entities.thing.count({}, {})).toBe(0);
      delete program.beforeCreate;
      const { id } = await me.entities.thing.create({ title: "A" });
      program.beforeUpdate = ([change]) => void Object.assign(change?.patch as object, { version: 99 });
      await expect(me.entities.thing.update(id, { title: "B" })).rejects.toMatchObject({
        code: "hook-broke-input",
      });
      expect(await me.entities.thing.get(id)).toMatchObject({ title: "A", version: 1 });
    });

    it("a value that its field refuses", async () => {
      const me = app().fresh();
      program.beforeCreate = ([change]) =>
        void Object.assign(change?.input as object, { title: "", stage: "odd" });
      await expect(me.entities.thing.create({ title: "A" })).rejects.toMatchObject({
        code: "validation-failed",
        issues: [{ pointer: "/title" }, { pointer: "/stage" }],
      });
      program.beforeCreate = ([change]) =>
        void Object.assign(change?.input as object, { boxId: "00000000-0000-7000-8000-00000000dead" });
      await expect(me.entities.thing.create({ title: "A" })).rejects.toMatchObject({
        issues: [{ pointer: "/boxId", code: "reference-not-found" }],
      });
      expect(await me.entities.thing.count()).toBe(0);
    });

    it("a change of what never changes", async () => {
      const me = app().fresh();
      const { id } = await me.entities.thing.create({ title: "A", serial: "S1" });
      program.beforeUpdate = ([change]) => void Object.assign(change?.patch as object, { serial: "S2" });
      await expect(me.entities.thing.update(id, { title: "B" })).rejects.toMatchObject({
        issues: [{ pointer: "/serial", code: "immutable" }],
      });
    });

    it("a change of the record as it was, or as it is", async () => {
      const me = app().fresh();
      const made = await me.entities.thing.create({ title: "A", price: { amount: "1.00", currency: "EUR" } });
      for (const phase of ["beforeUpdate", "afterUpdate"] as const) {
        program[phase] = (batch: readonly object[]) => {
          for (const change of batch as { before: { title: string } }[]) change.before.title = "changed";
        };
        await expect(me.entities.thing.update(made.id, { count: 1 })).rejects.toSatisfy(HookFailed.is);
        delete program[phase];
      }
      expect(await me.entities.thing.get(made.id)).toEqual(made);
    });

    it("its changes into the caller's own object, or into a second try", async () => {
      const me = app().fresh();
      program.beforeCreate = ([change]) => void Object.assign(change?.input as object, { count: 1 });
      const input = { title: "A" };
      await me.entities.thing.create(input);
      expect(input).toEqual({ title: "A" });
    });
  });

  describe("errors", () => {
    it("other than vetoes name the hook and its plugin, and keep the cause", async () => {
      const me = app().fresh();
      const bug = new RangeError("index out of reach");
      program.afterCreate = () => {
        throw bug;
      };
      const error: unknown = await me.entities.thing.create({ title: "A" }).catch((e) => e);
      expect(error).toMatchObject({ code: "hook-failed", status: 500, cause: bug });
      expect((error as Error).message).toBe(
        'Hook "toys.afterCreate" of plugin "toys" threw on thing.create (after). Nothing was written; the cause has the details.',
      );
      program.afterCreate = async () => {
        throw undefined as never;
      };
      await expect(me.entities.thing.create({ title: "A" })).rejects.toMatchObject({ code: "hook-failed" });
    });

    it("of writes inside a hook pass as they are", async () => {
      const me = app().fresh();
      program.afterCreate = async (_, ctx) => void (await ctx.repo(box).create({ label: "" }));
      await expect(me.entities.thing.create({ title: "A" })).rejects.toMatchObject({
        code: "validation-failed",
      });
    });

    it("of a caller who hung up are not blamed on the hook", async () => {
      const caller = new AbortController();
      program.afterCreate = async (_, ctx) => {
        caller.abort(new Error("hung up"));
        await ctx.repo(box).count();
      };
      const actor = { kind: "user", id: "u" } as const;
      const me = app().crm.as({ actor, tenant: "gone", roles: ["admin"], signal: caller.signal });
      await expect(me.entities.thing.create({ title: "A" })).rejects.toThrow("hung up");
      expect(await app().inTenant("gone").entities.thing.count()).toBe(0);
    });
  });

  describe("recursion", () => {
    it("is let to a depth of eight, then stopped with the chain", async () => {
      const me = app().fresh();
      let depth = 0;
      program.afterCreate = async (_, ctx) => {
        depth += 1;
        if (depth < 8) await ctx.repo(thing).create({ title: `T${depth}` });
      };
      await me.entities.thing.create({ title: "T0" });
      expect(await me.entities.thing.count()).toBe(8);
      program.afterCreate = async (_, ctx) => void (await ctx.repo(thing).create({ title: "more" }));
      const error: unknown = await me.entities.thing.create({ title: "T" }).catch((e) => e);
      expect(error).toSatisfy(HookRecursion.is);
      expect((error as Error).message).toContain(Array(9).fill("thing.create").join(" -> "));
      expect(await me.entities.thing.count()).toBe(8);
    });
  });
});

it("chains of two entities that write one another are stopped as well", async () => {
  const loop = definePlugin({
    name: "loop",
    version: "1.0.0",
    corm: "^0.1",
    requires: { toys: "^1.0" },
    setup: () => ({
      hooks: [
        after(
          thing,
          "create",
          { name: "loop.box" },
          async (_, ctx) => void (await ctx.repo(box).create({ label: ctx.newId() })),
        ),
        after(
          box,
          "create",
          { name: "loop.thing" },
          async (_, ctx) => void (await ctx.repo(thing).create({ title: "x" })),
        ),
      ],
    }),
  });
  const { crm, me } = await createTestCrm({ plugins: [toys(), loop()] });
  await expect(me.entities.thing.create({ title: "x" })).rejects.toThrowError(
    /thing\.create -> box\.create -> thing\.create/,
  );
  await crm.stop();
});

it("understands errors of another copy of the package", async () => {
  const { sqlite } = await import("@corm/core/knex");
  const Veto = defineError<{ id: string }>("from-elsewhere", { status: 409, title: "x", detail: () => "y" });
  const foreign = Object.assign(new Error("y"), {
    [Symbol.for("corm.error")]: true,
    ...{ code: "from-elsewhere", status: 409, title: "x", issues: [], meta: {} },
  });
  const picky = definePlugin({
    name: "picky",
    version: "1.0.0",
    corm: "^0.1",
    requires: { toys: "^1.0" },
    setup: () => ({
      hooks: [
        before(thing, "create", { name: "picky.veto" }, () => {
          throw foreign;
        }),
      ],
    }),
  });
  const crm = await createCrm({ storage: sqlite(":memory:"), plugins: [toys(), picky()] });
  const me = crm.system({ tenant: "t", reason: "test" });
  const error: unknown = await me.entities.thing.create({ title: "x" }).catch((e) => e);
  expect(error).toBe(foreign);
  expect(Veto.is(error)).toBe(true);
  await crm.stop();
});
