import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { contact, crmCore, defineRole, grant } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { DatabaseSync } from "@photostructure/sqlite";
import { expect, it, vi } from "vitest";
import type { Statement } from "../../src/storage/knex/statement.js";
import { StatementCache } from "../../src/storage/knex/statement-cache.js";

const rep = defineRole({ name: "rep", entities: grant(contact, { read: ["own", "shared"] }) });

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
      .map(([, statement]) => (statement as Statement).sql)
      .filter((sql) => sql.includes("record_share"));
    expect(statements.length).toBeGreaterThanOrEqual(2);
    const database = new DatabaseSync(path);
    for (const sql of statements) {
      const plan = database.prepare(`explain query plan ${sql}`).all() as { detail: string }[];
      const shares = plan.map(({ detail }) => detail).filter((line) => /INDEX \w*record_share/.test(line));
      expect(shares).toHaveLength(3);
      for (const line of shares)
        expect(line).toMatch(/COVERING INDEX .*entity=\? AND (user_id|team_id|role)=\?/);
    }
    database.close();
  } finally {
    await app.crm.stop();
    made.mockRestore();
    rmSync(folder, { recursive: true, force: true });
  }
});
