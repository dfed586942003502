import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contact, crmCore, defineRole, grant, user } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { DatabaseSync } from "@photostructure/sqlite";
import { expect, it, vi } from "vitest";
import type { Statement } from "../../src/storage/knex/statement.js";
import { StatementCache } from "../../src/storage/knex/statement-cache.js";
import { counting } from "../support/counting.js";

const rep = defineRole({ name: "rep", entities: grant(contact, { read: ["own", "shared"] }) });

/** The plan of each page that was compiled, by SQLite. */
function plansOf(path: string, statements: readonly Statement[]): string[] {
  const database = new DatabaseSync(path);
  const plans = statements.map(({ sql }) =>
    (database.prepare(`explain query plan ${sql}`).all() as { detail: string }[])
      .map(({ detail }) => detail)
      .join("\n"),
  );
  database.close();
  return plans;
}

it("pages of somebody who reaches few records are sorted from these, and those of others walk the order", async () => {
  const folder = mkdtempSync(join(tmpdir(), "corm-few-"));
  const path = join(folder, "few.db");
  const made = vi.spyOn(StatementCache.prototype, "set");
  const { storage, log } = counting(sqlite(path, { driver: "@photostructure/sqlite" }));
  const app = await createTestCrm({ plugins: [crmCore()], roles: [rep], storage });
  try {
    const everybody = app.crm.system({ tenant: "test", reason: "fill" });
    const people = await everybody.repo(user).createMany([{ name: "few" }, { name: "many" }]);
    const [few, many] = people.map(({ id }) => id) as [string, string];
    const system = everybody.repo(contact);
    const rows = (ownerId: string, n: number) =>
      Array.from({ length: n }, (_, i) => ({
        lastName: `n${String((i * 7919) % n).padStart(5, "0")}`,
        ownerId,
      }));
    await system.createMany(rows(few, 30));
    for (let done = 0; done < 2_100; done += 700) await system.createMany(rows(many, 700));
    for (const [id, scans] of [
      [few, false],
      [many, true],
    ] as const) {
      const records = app.crm
        .as({ actor: { kind: "user", id }, tenant: "test", roles: ["rep"] })
        .repo(contact);
      made.mockClear();
      log.clear();
      const first = await records.find({ orderBy: ["lastName"], limit: 20 });
      const second = await records.find({ orderBy: ["lastName"], limit: 20, after: first.next });
      const names = [...first.items, ...second.items].map(({ lastName }) => lastName);
      expect(names).toEqual([...names].sort());
      expect(names).toHaveLength(scans ? 40 : 30);
      // Whether they are few is looked up once a minute.
      expect(log.of("findMany", "contact")).toHaveLength(3);
      app.clock.advance(61_000);
      await records.find({ orderBy: ["lastName"], limit: 20 });
      expect(log.of("findMany", "contact")).toHaveLength(5);
      const pages = made.mock.calls
        .map(([, statement]) => statement as Statement)
        .filter(({ sql }) => sql.includes("order by") || sql.includes("ORDER BY"));
      expect(pages.length).toBeGreaterThanOrEqual(2);
      for (const plan of plansOf(path, pages)) {
        if (scans) expect(plan).not.toContain("USE TEMP B-TREE FOR ORDER BY");
        else expect(plan).toContain("USE TEMP B-TREE FOR ORDER BY");
      }
    }
  } finally {
    await app.crm.stop();
    made.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});

it("what is shared with somebody is found by whom it is shared with, and not by looking through all shares", async () => {
  const folder = mkdtempSync(join(tmpdir(), "corm-plans-"));
  const path = join(folder, "plans.db");
  const made = vi.spyOn(StatementCache.prototype, "set");
  const app = await createTestCrm({
    plugins: [crmCore()],
    roles: [rep],
    storage: sqlite(path, { driver: "@photostructure/sqlite" }),
  });
  try {
    const id = "00000000-0000-7000-8000-000000000009";
    const records = app.crm.as({ actor: { kind: "user", id }, tenant: "test", roles: ["rep"] }).repo(contact);
    await records.find({ orderBy: ["lastName"], limit: 50 });
    await records.count();
    const statements = made.mock.calls
      .map(([, statement]) => statement as Statement)
      .filter(({ sql }) => sql.includes("record_share"));
    expect(statements.length).toBeGreaterThanOrEqual(2);
    for (const plan of plansOf(path, statements)) {
      const shares = plan.split("\n").filter((line) => /INDEX \w*record_share/.test(line));
      expect(shares).toHaveLength(3);
      for (const line of shares)
        expect(line).toMatch(/COVERING INDEX .*entity=\? AND (user_id|team_id|role)=\?/);
    }
  } finally {
    await app.crm.stop();
    made.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});
