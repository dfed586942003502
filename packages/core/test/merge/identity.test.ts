import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { databases, storageAt, suiteName, type TestDatabase } from "../support/databases.js";
import { dice, everything, growChildren } from "./graph.js";
import { type AnySession, openEverything } from "./identity-app.js";

/** Graphs of each database: `CORM_MERGES=200 npx vitest run packages/core/test/merge/identity`. */
const runs = Number(process.env["CORM_MERGES"] ?? 2);

/** Some of what must be among the children, whatever else plugins add. */
const CHILDREN = [
  ...["activity", "attachment", "consent", "contactPoint", "note", "recordShare", "tagging", "touchpoint"],
  ...["delivery", "segmentMember", "opportunityContact", "quote", "ticket"],
  ...["captureSubmission", "leadConversion"],
];

type Roots = Record<"account" | "contact" | "lead" | "opportunity", string[]>;

/** Four of each of what can be merged; some of them name one another. */
async function roots(me: AnySession, seed: number): Promise<Roots> {
  const roll = dice(seed);
  const some = (ids: readonly string[]): string => ids[roll(ids.length)] as string;
  const accounts = await me.entities.account.createMany(
    Array.from({ length: 4 }, (_, i) => ({ name: `A${i}`, phone: roll(2) ? `+4930123456${i}` : null })),
  );
  const account = accounts.map(({ id }) => id);
  // A tree without cycles.
  for (const [i, id] of account.entries())
    if (i > 0 && roll(2)) await me.entities.account.update(id, { parentId: some(account.slice(0, i)) });
  const contacts = await me.entities.contact.createMany(
    Array.from({ length: 4 }, (_, i) => ({
      lastName: `C${i}`,
      email: roll(3) ? `c${i}@example.com` : null,
      title: roll(2) ? `T${i}` : null,
      accountId: roll(2) ? some(account) : null,
    })),
  );
  const leads = await me.entities.lead.createMany(
    Array.from({ length: 4 }, (_, i) => ({ lastName: `L${i}`, email: roll(2) ? `l${i}@example.com` : null })),
  );
  const opportunities = [];
  for (let i = 0; i < 4; i++)
    opportunities.push(
      await me.entities.opportunity.create({ name: `O${i}`, accountId: some(account) } as never),
    );
  return {
    account,
    contact: contacts.map(({ id }) => id),
    lead: leads.map(({ id }) => id),
    opportunity: opportunities.map(({ id }) => id),
  };
}

for (const database of databases.filter(({ name }) => name !== "SQLite in a file")) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    let app: Awaited<ReturnType<typeof openEverything>>;
    let made: TestDatabase;
    let tenants = 0;
    beforeAll(async () => {
      made = await database.create();
      app = await openEverything(storageAt(made.url));
    }, 120_000);
    afterAll(async () => {
      await app.crm.stop();
      await made.drop();
    });

    test("a merge that is taken back leaves everything of every plugin as it was", async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 2 ** 31 }),
          fc.constantFrom("account", "contact", "lead", "opportunity" as const),
          fc.integer({ min: 1, max: 3 }),
          async (seed, entity, losers) => {
            tenants += 1;
            const me = app.inTenant(`t${tenants}`) as AnySession;
            const pools = await roots(me, seed);
            const grown = await growChildren(me, pools, seed, 6);
            for (const child of CHILDREN) expect(grown[child], child).toBeGreaterThan(0);
            const before = await everything(me);
            const [survivorId = "", ...ids] = pools[entity as keyof Roots];
            const repository = me.entities[entity as "contact"];
            const merged = await repository.merge({ survivorId, ids: ids.slice(0, losers) });
            expect(merged.moved.length).toBeGreaterThan(1);
            expect(await repository.count()).toBe(4 - losers);
            const between = await everything(me);
            expect(between).not.toEqual(before);
            const { kept } = await repository.unmerge({ mergeId: merged.mergeId });
            expect(kept).toEqual([]);
            expect(await everything(me)).toEqual(before);
          },
        ),
        { numRuns: runs, seed: 20261126, endOnFailure: true },
      );
    }, 600_000);

    test("of merges at one moment none loses a child, and no record ends in two", async () => {
      for (let round = 0; round < 3; round++) {
        tenants += 1;
        const me = app.inTenant(`t${tenants}`) as AnySession;
        const [a, b, c] = (
          await me.entities.contact.createMany([{ lastName: "A" }, { lastName: "B" }, { lastName: "C" }])
        ).map(({ id }) => id) as [string, string, string];
        for (const contactId of [a, b, c])
          await me.entities.activity.createMany(
            Array.from({ length: 3 }, () => ({ kind: "call" as const, subject: "x", contactId })),
          );
        const merge = (survivorId: string, id: string) =>
          me.entities.contact.merge({ survivorId, ids: [id] });
        const pairs = [
          [a, b, b, a],
          [a, c, b, c],
          [a, b, b, c],
        ][round] as [string, string, string, string];
        const ends = await Promise.allSettled([merge(pairs[0], pairs[1]), merge(pairs[2], pairs[3])]);
        const done = ends.filter(({ status }) => status === "fulfilled").length;
        expect(done).toBeGreaterThanOrEqual(1);
        for (const end of ends)
          if (end.status === "rejected")
            expect([404, 409]).toContain((end.reason as { status: number }).status);
        const { items } = await me.entities.contact.find();
        expect(items).toHaveLength(3 - done);
        const alive = items.map(({ id }) => id);
        expect(await me.entities.activity.count({ contactId: { in: alive } })).toBe(9);
        for (const id of [a, b, c]) expect(alive).toContain((await me.entities.contact.get(id)).id);
      }
    }, 120_000);
  });
}
