import {
  account,
  accountContact,
  activity,
  attachments,
  consent,
  contact,
  crmCore,
  customers,
  defineEntity,
  definePlugin,
  defineProfileDimension,
  defineRole,
  defineTimelineSource,
  grant,
  type PluginFactory,
  type PluginOf,
  reference,
} from "@corm/core";
import fc from "fast-check";
import Type from "typebox";
import { describe, expect, it } from "vitest";
import { onDatabases } from "../support/apps.js";

const visit = defineEntity("siteVisit", {
  fields: { place: Type.String(), contactId: reference(contact, { onDelete: "cascade" }) },
});
const visits = definePlugin({
  name: "visits",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    entities: { siteVisit: visit },
    timeline: [
      defineTimelineSource({
        on: contact,
        entity: visit,
        reference: "contactId",
        at: "createdAt",
        title: ["place"],
      }),
    ],
    profile: [
      defineProfileDimension({ on: contact, name: "score", read: async (_, id) => ({ value: id.length }) }),
    ],
    privacy: [{ entity: "siteVisit", options: { by: ["contactId"], erase: "delete" } }],
  }),
});
interface VisitsPlugin extends PluginOf<typeof visits> {}
const visitsPlugin: PluginFactory<VisitsPlugin, Record<never, never>> = visits;

const seller = defineRole({
  name: "seller",
  entities: {
    ...grant(account, { read: "all" }),
    ...grant(contact, { read: "all" }),
    ...grant(activity, { read: "all", fields: { body: "none", dueAt: "none" } }),
  },
});
const owner = defineRole({ name: "owner", entities: { ...grant(account, { read: "own" }) } });

type Tree = Map<string, string | null>;
const below = (tree: Tree, id: string): string[] =>
  [...tree.keys()].filter((one) => {
    for (let at = tree.get(one) ?? null; at !== null; at = tree.get(at) ?? null) if (at === id) return true;
    return false;
  });

onDatabases({ plugins: [crmCore(), visitsPlugin()], roles: [seller, owner] }, (app, database) => {
  describe("the tree of accounts", () => {
    const ids = async (of: Promise<{ items: { id: string }[] }>) =>
      (await of).items.map(({ id }) => id).sort();

    it("answers whole branches, in one query", async () => {
      const me = app().fresh();
      const { account: accounts, contact: contacts } = me.entities;
      const top = await accounts.create({ name: "Top" });
      const [left, right] = await accounts.createMany([
        { name: "Left", parentId: top.id },
        { name: "Right", parentId: top.id },
      ]);
      const leaf = await accounts.create({ name: "Leaf", parentId: left?.id as string });
      await contacts.createMany(
        [top, left, leaf].map((one) => ({ lastName: `At ${one?.name}`, accountId: one?.id as string })),
      );
      app().log.clear();
      expect(await ids(accounts.find({ where: { id: { descendantOf: top.id } } }))).toEqual(
        [left?.id, right?.id, leaf.id].sort(),
      );
      expect(app().log.asked.length).toBe(1);
      expect(await contacts.count({ accountId: { inTreeOf: top.id } })).toBe(3);
      expect(await contacts.count({ accountId: { descendantOf: top.id } })).toBe(2);
      expect(await contacts.count({ accountId: { inTreeOf: leaf.id } })).toBe(1);
      expect(await contacts.count({ account: { id: { descendantOf: left?.id as string } } })).toBe(1);
      await accounts.update(left?.id as string, { parentId: null });
      expect(await contacts.count({ accountId: { inTreeOf: top.id } })).toBe(1);
      expect(await contacts.count({ accountId: { inTreeOf: left?.id as string } })).toBe(2);
      await accounts.purge(left?.id as string);
      expect(await accounts.count({ id: { descendantOf: top.id } })).toBe(1);
      await expect(accounts.find({ where: { ownerId: { descendantOf: "x" } } })).rejects.toMatchObject({
        code: "invalid-query",
      });
      await expect(contacts.find({ where: { id: { descendantOf: top.id } } })).rejects.toMatchObject({
        code: "invalid-query",
      });
    });

    it("refuses an account above itself, on every path, and changes nothing", async () => {
      const { account: accounts } = app().fresh().entities;
      const top = await accounts.create({ name: "Top" });
      const mid = await accounts.create({ name: "Mid", parentId: top.id });
      const low = await accounts.create({ name: "Low", parentId: mid.id });
      for (const parentId of [top.id, mid.id, low.id])
        await expect(accounts.update(top.id, { parentId })).rejects.toMatchObject({ code: "account-cycle" });
      expect(await accounts.count({ id: { descendantOf: top.id } })).toBe(2);
      const twice = [
        { id: top.id, patch: { parentId: low.id } },
        { id: mid.id, patch: { parentId: null } },
      ];
      await expect(accounts.updateMany(twice)).rejects.toMatchObject({ code: "account-cycle" });
      expect((await accounts.get(mid.id)).parentId).toBe(top.id);
    });

    it("tells nothing of what is below an account that the actor may not see", async () => {
      const system = app().fresh();
      const { id } = await system.entities.user.create({ name: "U" });
      const hidden = await system.entities.account.create({ name: "Hidden" });
      await system.entities.account.create({ name: "Mine", parentId: hidden.id, ownerId: id });
      const me = app().crm.as({ actor: { kind: "user", id }, tenant: system.tenant, roles: ["owner"] });
      expect((await me.entities.account.find()).items.length).toBe(1);
      expect((await me.entities.account.find({ where: { id: { descendantOf: hidden.id } } })).items).toEqual(
        [],
      );
    });

    it("is the same as walking from child to parent, whatever was moved", async () => {
      const runs = database === "SQLite in memory" ? 15 : 4;
      const move = fc.record({ who: fc.nat(7), to: fc.option(fc.nat(7)) });
      await fc.assert(
        fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 15 }), async (moves) => {
          const { account: accounts } = app().fresh().entities;
          const made = await accounts.createMany(Array.from({ length: 8 }, (_, i) => ({ name: `A${i}` })));
          const tree: Tree = new Map(made.map(({ id }) => [id, null]));
          for (const { who, to } of moves) {
            const [id, parentId] = [made[who]?.id as string, to === null ? null : (made[to]?.id as string)];
            const cycle = parentId !== null && (parentId === id || below(tree, id).includes(parentId));
            const done = await accounts.update(id, { parentId }).then(
              () => true,
              (error) => error.code === "account-cycle" && false,
            );
            expect(done).toBe(!cycle);
            if (done) tree.set(id, parentId);
          }
          for (const { id } of made)
            expect(await ids(accounts.find({ where: { id: { descendantOf: id } } }))).toEqual(
              below(tree, id).sort(),
            );
        }),
        { seed: 7, numRuns: runs },
      );
    });

    it("holds when two move at once", async () => {
      const { account: accounts } = app().fresh().entities;
      const [a, b] = await accounts.createMany([{ name: "A" }, { name: "B" }]);
      const [one, two] = [a?.id as string, b?.id as string];
      const results = await Promise.allSettled([
        accounts.update(one, { parentId: two }),
        accounts.update(two, { parentId: one }),
      ]);
      expect(results.filter(({ status }) => status === "fulfilled").length).toBe(1);
      const counts = await Promise.all([one, two].map((id) => accounts.count({ id: { descendantOf: id } })));
      expect(counts.sort()).toEqual([0, 1]);
    });
  });

  describe("one profile", () => {
    const filled = async () => {
      const me = app().fresh();
      const acme = await me.entities.account.create({ name: "Acme" });
      const other = await me.entities.account.create({ name: "Other" });
      const ada = await me.entities.contact.create({ lastName: "Ada", accountId: acme.id });
      await me.entities.activity.createMany(
        Array.from({ length: 12 }, (_, i) => ({
          kind: "call" as const,
          subject: `call ${i}`,
          body: "secret",
          contactId: ada.id,
          accountId: acme.id,
        })),
      );
      await me.repo(consent).create({
        channel: "email",
        address: "a@b.co",
        topic: "*",
        decision: "granted",
        decidedAt: me.now(),
        contactId: ada.id,
      });
      await me.repo(visit).create({ place: "Rome", contactId: ada.id });
      await me
        .repo(accountContact)
        .create({ accountId: other.id, contactId: ada.id, role: "Board", from: "2025-01-01" });
      await me
        .service(attachments)
        .attach({ entity: contact, id: ada.id }, { name: "a.txt", bytes: Buffer.from("x") });
      return { me, ada, acme };
    };

    it("tells everything around a person in one call, also what a plugin adds, with one query a kind", async () => {
      const { me, ada, acme } = await filled();
      app().log.clear();
      const { record, dimensions } = await me.service(customers).profile(ada.id, { limit: 5 });
      expect(app().log.asked.length).toBeLessThanOrEqual(10);
      expect(record["lastName"]).toBe("Ada");
      const sizes = Object.fromEntries(
        Object.entries(dimensions).map(([name, value]) => [
          name,
          (value as { items?: unknown[] }).items?.length,
        ]),
      );
      expect(sizes).toEqual({
        activities: 5,
        touchpoints: 0,
        consents: 1,
        siteVisits: 1,
        notes: 0,
        attachments: 1,
        affiliations: 1,
        score: undefined,
      });
      expect(dimensions["activities"]).toMatchObject({ more: true });
      expect(dimensions["score"]).toEqual({ value: 36 });
      expect(dimensions["affiliations"]).toMatchObject({
        items: [{ role: "Board", account: { name: "Other" } }],
      });
      expect((await me.service(customers).accountProfile(acme.id)).dimensions["activities"]).toMatchObject({
        more: true,
      });
      await expect(me.service(customers).profile(acme.id)).rejects.toMatchObject({ code: "not-found" });
    });

    it("shows whoever asks no more than his roles", async () => {
      const { me, ada } = await filled();
      const asked = app().crm.as({ actor: me.actor, tenant: me.tenant, roles: ["seller"] } as never);
      const { dimensions } = await asked.service(customers).profile(ada.id);
      expect(Object.keys(dimensions).sort()).toEqual(["activities", "score"]);
      const { items } = dimensions["activities"] as { items: Record<string, unknown>[] };
      expect(items.length).toBe(10);
      expect(Object.keys(items[0] ?? {}).sort()).toEqual([
        "createdAt",
        "doneAt",
        "id",
        "kind",
        "ownerId",
        "subject",
      ]);
    });
  });
});
