import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consents, crmCore, findApiKey, issueApiKey, nextNumber, nextNumbers } from "../../src/index.js";
import { knexStorage } from "../../src/knex/index.js";
import { createTestCrm, type TestCrm } from "../../src/testing/index.js";
import { databases, type TestDatabase } from "../support/databases.js";

describe.each(databases)("crm services on $name", (engine) => {
  type Plugins = readonly [ReturnType<typeof crmCore>];
  let db: TestDatabase;
  let kit: TestCrm<Plugins>;

  beforeAll(async () => {
    if (!engine.available) return;
    db = await engine.create();
    kit = await createTestCrm({ plugins: [crmCore()], storage: knexStorage({ url: db.url }) });
  });
  afterAll(async () => {
    await kit?.crm.stop();
    await db?.drop();
  });

  test.skipIf(!engine.available)(
    "numbers have no gaps and no doubles, also from the first one on",
    async () => {
      const numbers = await Promise.all(
        Array.from({ length: 40 }, () => kit.me.transaction((tx) => nextNumber(tx, "order"))),
      );
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    },
  );

  test.skipIf(!engine.available)("numbers for a batch come in a row", async () => {
    const batches = await Promise.all([3, 0, 2].map((count) => nextNumbers(kit.me, "batch", count)));
    expect(batches.map((batch) => batch.length)).toEqual([3, 0, 2]);
    expect(batches.flat().toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
    for (const batch of batches) expect(batch).toEqual(batch.map((_, i) => (batch[0] as number) + i));
    expect(await nextNumber(kit.me, "batch")).toBe(6);
  });

  test.skipIf(!engine.available)(
    "a rolled back number is given out again, and tenants count apart",
    async () => {
      const first = await nextNumber(kit.me, "invoice");
      const failed = kit.me.transaction(async (tx) => {
        await nextNumber(tx, "invoice");
        throw new Error("changed my mind");
      });
      await expect(failed).rejects.toThrow("changed my mind");
      expect(await nextNumber(kit.me, "invoice")).toBe(first + 1);
      expect(await nextNumber(kit.inTenant("other"), "invoice")).toBe(1);
    },
  );

  test.skipIf(!engine.available)("the latest entry of the consent ledger decides", async () => {
    const ledger = kit.me.service(consents);
    const ask = (topic: string) => ledger.canSend({ channel: "email", address: " Ada@Example.org ", topic });
    expect(await ask("news")).toMatchObject({ allowed: false, reason: "no-consent" });
    await ledger.record({ channel: "email", address: "ada@example.org", topic: "news", decision: "granted" });
    expect(await ask("news")).toMatchObject({ allowed: true, reason: "granted" });
    expect(await ask("offers")).toMatchObject({ allowed: false, reason: "no-consent" });
    kit.clock.advance({ minutes: 1 });
    await ledger.record({ channel: "email", address: "ADA@example.org", topic: "*", decision: "withdrawn" });
    expect(await ask("news")).toMatchObject({ allowed: false, reason: "withdrawn" });
    kit.clock.advance({ minutes: 1 });
    await ledger.record({ channel: "email", address: "ada@example.org", topic: "news", decision: "granted" });
    expect(await ask("news")).toMatchObject({ allowed: true });
    const other = kit.inTenant("other").service(consents);
    expect(
      (await other.canSend({ channel: "email", address: "ada@example.org", topic: "news" })).allowed,
    ).toBe(false);
  });

  test.skipIf(!engine.available)("an API key is known by its hash, and only while it is valid", async () => {
    const { key, record } = await issueApiKey(kit.me, {
      name: "importer",
      roles: ["admin"],
      expiresAt: "2030-01-01T00:00:00Z",
    });
    expect(key).toMatch(/^corm_test\.[\w-]{12}\.[\w-]{43}$/);
    expect(JSON.stringify(record)).not.toContain(key);
    expect((await findApiKey(kit.me, key))?.id).toBe(record.id);
    expect(await findApiKey(kit.me, `${key.slice(0, -1)}${key.endsWith("A") ? "B" : "A"}`)).toBeUndefined();
    expect(await findApiKey(kit.inTenant("other"), key)).toBeUndefined();
    kit.clock.set("2030-01-01T00:00:00Z");
    expect(await findApiKey(kit.me, key)).toBeUndefined();
    kit.clock.set("2026-02-01T09:00:00Z");
    await kit.me.entities.apiKey.update(record.id, { revokedAt: kit.me.now() });
    expect(await findApiKey(kit.me, key)).toBeUndefined();
  });
});
