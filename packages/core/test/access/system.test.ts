import {
  CapabilityUnknown,
  CapabilityWithheld,
  createCrm,
  crmCore,
  defineRole,
  exportSubject,
} from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { afterEach, expect, it, vi } from "vitest";
import { box, toys } from "../support/toys.js";

const plugins = [toys()] as const;

afterEach(() => vi.restoreAllMocks());

it("names capability, reason and the user behind it in the journal", async () => {
  const { crm, me } = await createTestCrm({ plugins });
  const system = me.asSystem({ capability: "core.privacy", reason: "count the boxes" });
  await system.repo(box).create({ label: "a" });
  const { items } = await me.changes({ limit: 10 });
  expect(items.at(-1)?.actor).toMatchObject({
    kind: "system",
    id: "core.privacy",
    reason: "count the boxes",
  });
  expect(items.at(-1)?.actor.userId).toBe((me.actor as { id: string }).id);
  await crm.stop();
});

it("refuses what nobody declared, and what the app withholds; nothing is written then", async () => {
  const { crm, me } = await createTestCrm({ plugins, withhold: ["core.privacy"] });
  const caught = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const unknown = caught(() => me.asSystem({ capability: "core.privcy", reason: "x" }));
  expect(CapabilityUnknown.is(unknown) && unknown.message).toContain('did you mean "core.privacy"?');
  for (const use of [
    () => me.asSystem({ capability: "core.privacy", reason: "x" }),
    () => crm.system({ tenant: "test", capability: "core.privacy", reason: "x" }),
  ])
    expect(CapabilityWithheld.is(caught(use))).toBe(true);
  expect(crm.describe().capabilities.filter(({ withheld }) => withheld)).toMatchObject([
    { name: "core.privacy", plugin: "core" },
  ]);
  await crm.stop();
});

it("keeps an app from starting that withholds what there is not", async () => {
  const storage = sqlite(":memory:");
  await expect(createCrm({ storage, plugins, withhold: ["core.privcy"] })).rejects.toThrow(
    'did you mean "core.privacy"?',
  );
});

it("enters the export of a person on his records before the first line", async () => {
  const { crm, me } = await createTestCrm({ plugins: [crmCore()] });
  const { id } = await me.entities.contact.create({ lastName: "Lovelace" });
  const lines = exportSubject(me, { entity: "contact", id });
  await lines.next();
  const { items } = await me.entities.contact.history(id);
  expect(items[0]).toMatchObject({
    event: "privacy.exported",
    actor: { kind: "system", id: "core.privacy" },
  });
  for await (const _ of lines);
  await crm.stop();
});

it("warns of entities that no role names, once, and not where none grants on all", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const reader = defineRole({
    name: "reader",
    label: "Reader",
    entities: { "*": { read: "all" }, box: { read: "all" } },
  });
  const { crm } = await createTestCrm({ plugins, roles: [reader] });
  expect(warn).toHaveBeenCalledTimes(1);
  const [text] = warn.mock.calls[0] as unknown as [string];
  expect(text).toMatch(/^No role names .*thing/);
  expect(text).not.toMatch(/names .*\bbox\b/);
  await crm.stop();
  warn.mockClear();
  const boxes = defineRole({ name: "boxes", label: "Boxes", entities: { box: { read: "all" } } });
  await (await createTestCrm({ plugins, roles: [boxes] })).crm.stop();
  expect(warn).not.toHaveBeenCalled();
});
