import { defineEntity, definePlugin, defineSubscriber, type Row, visibleEntries } from "@corm/core";
import { createTestCrm, runJobs } from "@corm/core/testing";
import Type from "typebox";
import { expect, it } from "vitest";

const note = defineEntity("note", { fields: { text: Type.String(), pay: Type.Optional(Type.Integer()) } });
const seen: string[] = [];
let fail = 0;
const reader = defineSubscriber("reader.seen", {
  capability: "reader.read",
  batch: 2,
  handle: async (entries, tx) => {
    if (fail-- > 0) throw new Error("not yet");
    seen.push(...entries.map(({ position }) => `${tx.tenant} ${position}`));
  },
});
const plugin = definePlugin({
  name: "reader",
  version: "1.0.0",
  corm: "^0.1",
  setup: () => ({
    entities: { note },
    subscribers: [reader],
    capabilities: { "reader.read": "Reads the journal" },
  }),
});

it("workers run the readers that plugins declare, in every tenant, and go on after a failure", async () => {
  seen.length = 0;
  const kit = await createTestCrm({ plugins: [plugin()], jobs: { tenants: () => ["test", "other"] } });
  const [here, there] = [kit.me, kit.inTenant("other")];
  for (let n = 0; n < 3; n++) await here.repo(note).create({ text: `${n}` });
  await there.repo(note).create({ text: "there" });
  await runJobs(kit);
  expect([...seen].sort()).toEqual(["other 1", "test 1", "test 2", "test 3"]);
  fail = 1;
  await here.repo(note).create({ text: "later" });
  await runJobs(kit);
  expect(kit.errors.map(String)).toEqual(["Error: not yet"]);
  expect(seen).toHaveLength(4);
  kit.clock.advance({ seconds: 2 });
  await runJobs(kit);
  expect(seen[4]).toBe("test 4");
  await kit.crm.stop();
});

it("readers that stand at the same place are handed the same entries, read once", async () => {
  const handed: Record<string, unknown[]> = { one: [], two: [], late: [] };
  const named = (name: string, from: "beginning" | "now" = "beginning") =>
    defineSubscriber(`pair.${name}`, {
      ...{ capability: "pair.read", from },
      handle: async (entries) => void handed[name]?.push(entries),
    });
  const pair = definePlugin({
    name: "pair",
    version: "1.0.0",
    corm: "^0.1",
    setup: () => ({
      entities: { note },
      subscribers: [named("one"), named("two"), named("late", "now")],
      capabilities: { "pair.read": "Reads the journal" },
    }),
  });
  const kit = await createTestCrm({ plugins: [pair()] });
  await kit.me.repo(note).create({ text: "a" });
  await runJobs(kit);
  await kit.me.repo(note).create({ text: "b" });
  await runJobs(kit);
  const positions = (name: string) =>
    handed[name]?.map((list) => (list as { position: number }[]).map((one) => one.position));
  expect([positions("one"), positions("two"), positions("late")]).toEqual([[[1], [2]], [[1], [2]], [[2]]]);
  expect(handed["two"]?.[0]).toBe(handed["one"]?.[0]);
  expect(handed["late"]?.[0]).toBe(handed["one"]?.[1]);
  // What one of them did to an entry, the others would see.
  const [entry] = (handed["one"]?.[0] ?? []) as { changes: { text: unknown[] } }[];
  expect(() => entry!.changes.text.reverse()).toThrow(TypeError);
  expect(() => Object.assign(entry!, { changes: null })).toThrow(TypeError);
  await kit.crm.stop();
});

it("a started worker reads at once what its process wrote", async () => {
  seen.length = 0;
  const kit = await createTestCrm({ plugins: [plugin()] });
  const worker = kit.crm.worker({ interval: 60_000 });
  worker.start();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await kit.me.repo(note).create({ text: "now" });
  for (let n = 0; n < 200 && seen.length === 0; n++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(seen).toEqual(["test 1"]);
  await kit.crm.stop();
});

it("a trial says what would have happened, and nothing has", async () => {
  const kit = await createTestCrm({ plugins: [plugin()] });
  const { id } = await kit.me.repo(note).create({ text: "before" });
  const { result, entries } = await kit.me.simulate(async (tx) => {
    await tx.repo(note).update(id, { text: "after", pay: 7 });
    await tx
      .savepoint(async (inner) => {
        await inner.repo(note).create({ text: "undone" });
        throw new Error("no");
      })
      .catch(() => {});
    await tx.savepoint((inner) => inner.repo(note).create({ text: "kept" }));
    return ((await tx.repo(note).get(id)) as Row<typeof note>).text;
  });
  expect(result).toBe("after");
  expect(entries.map(({ operation, changes }) => [operation, changes])).toEqual([
    ["update", { text: ["before", "after"], pay: [null, 7] }],
    ["create", { text: [null, "kept"] }],
  ]);
  expect((await kit.me.repo(note).find()).items.map(({ text }) => text)).toEqual(["before"]);
  await kit.me.transaction(async (tx) => {
    await tx.simulate((inner) => inner.repo(note).update(id, { text: "tried" }));
    expect((await tx.repo(note).get(id)).text).toBe("before");
    await tx.repo(note).update(id, { text: "done" });
  });
  expect((await kit.me.repo(note).get(id)).text).toBe("done");
  await expect(
    kit.me.simulate(async () => {
      throw new Error("own");
    }),
  ).rejects.toThrow("own");
  await kit.crm.stop();
});

it("the system acts in somebody's name with his rights alone, and carries the cause along", async () => {
  const kit = await createTestCrm({
    plugins: [plugin()],
    roles: [
      {
        name: "clerk",
        label: "Clerk",
        entities: { note: { read: "all", fields: { pay: "none" } } },
        permissions: [],
      },
    ],
  });
  const system = kit.crm.system({ tenant: "test", capability: "reader.read", reason: "test" });
  const row = await kit.me.repo(note).create({ text: "a", pay: 1 });
  const clerk = system.actingAs({ actor: { kind: "user", id: "c" }, roles: ["clerk"] }, "run:7");
  await expect(clerk.repo(note).update(row.id, { text: "b" })).rejects.toThrow(/role/);
  expect(Object.keys((await clerk.repo(note).get(row.id)) as object)).not.toContain("pay");
  const admin = system.actingAs({ actor: { kind: "user", id: "a" }, roles: ["admin"] }, "run:7");
  await admin.repo(note).update(row.id, { text: "b", pay: 2 });
  const { items } = await kit.me.repo(note).history(row.id);
  expect(items[0]?.cause).toEqual(["run:7", "note.update"]);
  const [entry] = await visibleEntries(clerk, items);
  expect(entry?.changes).toEqual({ text: ["a", "b"] });
  expect(() => kit.me.actingAs({ actor: { kind: "user", id: "a" } })).toThrow(/Only the system/);
  expect(() => system.actingAs({ actor: { kind: "system", reason: "more" } })).toThrow(/Only the system/);
  await kit.crm.stop();
});
