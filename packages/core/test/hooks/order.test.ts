import {
  after,
  before,
  type Context,
  committed,
  defineAction,
  definePlugin,
  each,
  type HookDefinition,
} from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { type ThingInput, thing, toys, toysWith } from "../support/toys.js";

const other = (name: string, ...hooks: HookDefinition[]) =>
  definePlugin({
    name,
    version: "1.0.0",
    corm: "^0.1",
    requires: { toys: "^1.0" },
    setup: () => ({ hooks }),
  })();

async function created(input: ThingInput, ...plugins: ReturnType<typeof other>[]) {
  const app = await createTestCrm({ plugins: [toys(), ...plugins] });
  try {
    return await app.me.repo(thing).create(input);
  } finally {
    await app.crm.stop();
  }
}

const append = (name: string, options: object = {}) =>
  before(
    thing,
    "create",
    { name, ...options },
    each(({ input }) => {
      input.title += ` ${name.split(".")[1]}`;
    }),
  );

describe("order", () => {
  it("lets a later hook see what an earlier one changed", async () => {
    const seen: string[] = [];
    const look = before(
      thing,
      "create",
      { name: "b.look" },
      each(({ input }) => void seen.push(input.title)),
    );
    const made = await created(
      { title: "x" },
      other("a", append("a.one"), append("a.two")),
      other("b", look),
    );
    expect(seen).toEqual(["x one two"]);
    expect(made.title).toBe("x one two");
  });

  it("follows declared constraints and stages, then plugins, then the list", async () => {
    const made = await created(
      { title: ":" },
      other(
        "b",
        append("b.third"),
        append("b.last", { stage: "late" }),
        append("b.first", { stage: "early" }),
      ),
      other("a", append("a.fourth", { after: "b.third" }), append("a.second", { before: ["b.third"] })),
    );
    expect(made.title).toBe(": first second third fourth last");
  });

  it("runs hooks strictly one after another", async () => {
    let running = 0;
    const slow = (name: string) =>
      after(thing, "create", { name }, async (_, ctx) => {
        running += 1;
        expect(running).toBe(1);
        await ctx.repo(thing).count();
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
      });
    await created({ title: "x" }, other("a", slow("a.one"), slow("a.two")), other("b", slow("b.three")));
  });
});

describe("batches", () => {
  it("call a hook once for a thousand records, and insert them together", async () => {
    const { openApp } = await import("../support/apps.js");
    const sizes: Record<string, number[]> = { before: [], after: [], committed: [] };
    const note = (phase: string) => (batch: readonly unknown[]) => void sizes[phase]?.push(batch.length);
    const app = await openApp("sqlite::memory:", {
      plugins: [
        toysWith(
          before(thing, "create", { name: "toys.before" }, note("before")),
          after(thing, "create", { name: "toys.after" }, note("after")),
          committed(thing, "create", { name: "toys.committed" }, note("committed")),
        ),
      ],
    });
    const lot = await app.me.entities.box.create({ label: "lot" });
    app.log.clear();
    const rows = await app.me.entities.thing.createMany(
      Array.from({ length: 1000 }, (_, i) => ({ title: `T${i}`, boxId: lot.id })),
    );
    expect(rows.map(({ title }) => title)).toEqual(Array.from({ length: 1000 }, (_, i) => `T${i}`));
    expect(sizes).toEqual({ before: [1000], after: [1000], committed: [1000] });
    expect(app.log.asked).toEqual([
      { verb: "findMany", table: "box", rows: 0 },
      { verb: "insertMany", table: "thing", rows: 1000 },
      { verb: "insertMany", table: "corm_journal", rows: 1000 },
    ]);
    expect(app.log.transactions).toBe(1);
    await app.me.entities.thing.updateMany(rows.map(({ id }, i) => ({ id, patch: { count: i } })));
    await app.crm.stop();
  });
});

describe("explain", () => {
  const nothing = () => {};
  const rate = defineAction({
    name: "rate",
    on: thing,
    input: Type.Object({}),
    output: Type.Object({}),
    run: async () => ({}),
  });
  const plugin = definePlugin({
    name: "extra",
    version: "1.0.0",
    corm: "^0.1",
    requires: { toys: "^1.0" },
    setup: () => ({
      actions: { rate },
      hooks: [
        committed(thing, "update", { name: "extra.mail" }, nothing),
        after(thing, "update", { name: "extra.count" }, nothing),
        before(thing, "update", { name: "extra.check", stage: "late" }, nothing),
        before(thing, "update", { name: "extra.trim" }, nothing),
      ],
    }),
  });

  it("lists what happens on a write, in order", async () => {
    const { crm } = await createTestCrm({ plugins: [toys(), plugin()] });
    expect(
      crm
        .explain("thing.update")
        .map(({ phase, step, plugin, transaction }) => [phase, step, plugin, transaction]),
    ).toEqual([
      ["before", "extra.trim", "extra", "inside"],
      ["before", "extra.check", "extra", "inside"],
      ["validate", "check fields and references", "core", "inside"],
      ["write", "update thing", "core", "inside"],
      ["after", "extra.count", "extra", "inside"],
      ["commit", "commit the outermost transaction", "core", "inside"],
      ["committed", "extra.mail", "extra", "after commit"],
    ]);
    expect(crm.explain("thing.rate").map(({ step }) => step)).toContain("run thing.rate");
    expect(() => crm.explain("thing.explode")).toThrowError(/no operation "thing\.explode"/);
    await crm.stop();
  });
});

describe("hooks on actions", () => {
  const seen: unknown[] = [];
  const raise = defineAction({
    name: "raise",
    on: thing,
    input: Type.Object({ by: Type.Integer({ minimum: 1 }) }),
    output: Type.Object({ count: Type.Integer() }),
    run: async ({ input, record }, ctx: Context) => {
      const { count } = await ctx.repo(thing).update(record.id, { count: (record.count ?? 0) + input.by });
      return { count: count as number };
    },
  });

  it("may change the input, see the record and the answer, and veto", async () => {
    const { beforeAction, afterAction, committedAction } = await import("@corm/core");
    const plugin = definePlugin({
      name: "extra",
      version: "1.0.0",
      corm: "^0.1",
      requires: { toys: "^1.0" },
      setup: () => ({
        actions: { raise },
        hooks: [
          beforeAction(raise, { name: "extra.before" }, ([call]) => {
            if (call) call.input.by *= 2;
          }),
          afterAction(raise, { name: "extra.after" }, ([call]) => {
            seen.push(["after", call?.output]);
            if (call?.output.count === 20) throw new Error("too much");
          }),
          committedAction(raise, { name: "extra.committed" }, ([call], ctx) => {
            seen.push(["committed", call?.output, ctx.inTransaction]);
          }),
        ],
      }),
    });
    const { crm, me } = await createTestCrm({ plugins: [toys(), plugin()] });
    const { id } = await me.entities.thing.create({ title: "A" });
    expect(await me.entities.thing.raise(id, { by: 3 })).toEqual({ count: 6 });
    expect(seen).toEqual([
      ["after", { count: 6 }],
      ["committed", { count: 6 }, false],
    ]);
    await expect(me.entities.thing.raise(id, { by: 7 })).rejects.toMatchObject({ code: "hook-failed" });
    expect((await me.entities.thing.get(id)).count).toBe(6);
    await expect(me.entities.thing.raise(id, { by: 0 })).rejects.toMatchObject({ code: "validation-failed" });
    await expect(me.entities.thing.raise(id, { by: 1, to: 2 } as never)).rejects.toMatchObject({
      issues: [{ pointer: "/to", code: "unknown-field" }],
    });
    await crm.stop();
  });

  it("cannot smuggle an input that the action does not take", async () => {
    const { beforeAction } = await import("@corm/core");
    const plugin = definePlugin({
      name: "extra",
      version: "1.0.0",
      corm: "^0.1",
      requires: { toys: "^1.0" },
      setup: () => ({
        actions: { raise },
        hooks: [
          beforeAction(raise, { name: "extra.break" }, ([call]) => {
            if (call) call.input.by = -1;
          }),
        ],
      }),
    });
    const { crm, me } = await createTestCrm({ plugins: [toys(), plugin()] });
    const { id } = await me.entities.thing.create({ title: "A", count: 5 });
    await expect(me.entities.thing.raise(id, { by: 3 })).rejects.toMatchObject({
      code: "hook-broke-input",
      status: 500,
      message: expect.stringMatching(/thing\.raise.*\/by.*extra\.break/s),
    });
    expect((await me.entities.thing.get(id)).count).toBe(5);
    await crm.stop();
  });
});
