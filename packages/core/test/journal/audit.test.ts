import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { auditHead, verifyAudit } from "@corm/core";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run.js";
import { eraseJournal } from "../../src/journal/erasures.js";
import { JOURNAL_HEAD_TABLE, JOURNAL_TABLE } from "../../src/migrations/journal-tables.js";
import type { Session } from "../../src/runtime/session.js";
import type { BoundStorage } from "../../src/storage/adapter.js";
import { onDatabases } from "../support/apps.js";
import { toys } from "../support/toys.js";

const CHANGED: Record<string, unknown> = {
  id: "00000000-0000-7000-8000-00000000dead",
  tenant_id: "elsewhere",
  position: 99,
  entity: "lid",
  record: "00000000-0000-7000-8000-00000000dead",
  operation: "restore",
  event: "box.opened",
  version: 77,
  at: "2020-01-01T00:00:00.000Z",
  actor_kind: "system",
  actor_id: "mallory",
  user_id: "mallory",
  reason: "because",
  cause: "nothing",
  request_id: "1",
  changes: `{"label":[null,"forged"]}`,
  digest: "0".repeat(64),
  hash: "0".repeat(64),
  erased: "00000000-0000-7000-8000-00000000dead",
};

onDatabases({ plugins: [toys()] }, (app) => {
  const storage = (): BoundStorage => app().crm.runtime.storage.acrossTenants("tamper");
  const rowAt = (tenant: string, position: number) => ({
    op: "and" as const,
    of: [
      { op: "eq" as const, column: "tenant_id", value: tenant },
      { op: "eq" as const, column: "position", value: position },
    ],
  });

  async function sixEntries() {
    const me = app().fresh();
    const boxes = await me.entities.box.createMany(["a", "b", "c"].map((label) => ({ label })));
    for (const { id, label } of boxes) await me.entities.box.update(id, { label: `${label}2` });
    const sound = await verifyAudit(app().crm, { tenant: me.tenant });
    expect(sound).toMatchObject({ entries: 6, erased: 0, broken: null, head: { position: 6 } });
    return { me, tenant: me.tenant, boxes };
  }

  describe("verifying the audit trail", () => {
    it.each(JOURNAL_TABLE.columns.map(({ name }) => name))("finds a changed %s", async (column) => {
      const { tenant } = await sixEntries();
      // Of the first, one in the middle, and the last.
      for (const position of [1, 4, 6]) {
        const where = rowAt(tenant, position);
        const [row] = await storage().findMany({
          table: JOURNAL_TABLE.name,
          columns: JOURNAL_TABLE.columns.map(({ name }) => name),
          where,
          orderBy: [],
          limit: 1,
        });
        await storage().updateWhere(JOURNAL_TABLE.name, where, { [column]: CHANGED[column] });
        const { broken } = await verifyAudit(app().crm, { tenant });
        expect(broken?.position, `${column} of ${position}`).toBe(position);
        const moved = ["tenant_id", "position"].includes(column);
        await storage().updateWhere(
          JOURNAL_TABLE.name,
          moved ? { op: "eq", column: "id", value: row?.["id"] as string } : where,
          { [column]: row?.[column] },
        );
        expect((await verifyAudit(app().crm, { tenant })).broken).toBeNull();
      }
    });

    it("finds values that were emptied without an erasure", async () => {
      const { tenant } = await sixEntries();
      await storage().updateWhere(JOURNAL_TABLE.name, rowAt(tenant, 2), { changes: null });
      expect((await verifyAudit(app().crm, { tenant })).broken?.position).toBe(2);
    });

    it.each([1, 3, 6])("finds that entry %i was deleted", async (position) => {
      const { tenant } = await sixEntries();
      await storage().deleteWhere(JOURNAL_TABLE.name, rowAt(tenant, position));
      expect((await verifyAudit(app().crm, { tenant })).broken?.position).toBe(position);
    });

    it("finds entries that changed places, and one that came in between", async () => {
      const { tenant } = await sixEntries();
      const to = (from: number, position: number) =>
        storage().updateWhere(JOURNAL_TABLE.name, rowAt(tenant, from), { position });
      await to(2, 1_000);
      await to(3, 2);
      await to(1_000, 3);
      expect((await verifyAudit(app().crm, { tenant })).broken?.position).toBe(2);
      const second = await sixEntries();
      const [row] = await storage().findMany({
        table: JOURNAL_TABLE.name,
        columns: JOURNAL_TABLE.columns.map(({ name }) => name),
        where: rowAt(second.tenant, 6),
        orderBy: [],
        limit: 1,
      });
      await storage().insertMany(JOURNAL_TABLE.name, [{ ...row, id: app().crm.runtime.newId() }]);
      expect((await verifyAudit(app().crm, { tenant: second.tenant })).broken?.position).toBe(6);
    });

    it("finds a changed head; a cut-off end or a chain made anew only by a head that was kept", async () => {
      const { me, tenant } = await sixEntries();
      const kept = await auditHead(app().crm, tenant);
      const own = { op: "eq" as const, column: "tenant_id", value: tenant };
      await storage().updateWhere(JOURNAL_HEAD_TABLE.name, own, { hash: "0".repeat(64) });
      expect((await verifyAudit(app().crm, { tenant })).broken?.position).toBe(6);
      await storage().updateWhere(JOURNAL_HEAD_TABLE.name, own, { hash: kept.hash });
      await me.entities.box.create({ label: "d" });
      expect((await verifyAudit(app().crm, { tenant, head: kept })).broken).toBeNull();

      await storage().updateWhere(
        JOURNAL_TABLE.name,
        { op: "and", of: [own, { op: "gt", column: "position", value: 0 }] },
        { position: 0, hash: null, reason: "rewritten" },
      );
      await storage().deleteWhere(JOURNAL_HEAD_TABLE.name, own);
      expect((await verifyAudit(app().crm, { tenant })).broken).toBeNull();
      expect((await verifyAudit(app().crm, { tenant, head: kept })).broken?.position).toBe(6);
      const forged = { ...kept, hash: "0".repeat(64) };
      expect((await verifyAudit(app().crm, { tenant, head: forged })).broken?.position).toBe(0);
      await storage().deleteWhere(JOURNAL_TABLE.name, own);
      await storage().deleteWhere(JOURNAL_HEAD_TABLE.name, own);
      expect((await verifyAudit(app().crm, { tenant, head: kept })).broken?.position).toBe(1);
    });

    it("lets values be erased by an entry that says so, and by nothing else", async () => {
      const { me, tenant, boxes } = await sixEntries();
      const [first, second] = boxes.map(({ id }) => id) as [string, string];
      const session = app().crm.system({ tenant, reason: "erasure" }) as unknown as Session;
      const box = session.entity("box");
      expect(await eraseJournal(session, box, [first], new Set(["label"]))).toBe(2);
      expect(await verifyAudit(app().crm, { tenant })).toMatchObject({ entries: 7, erased: 2, broken: null });
      const { items } = await me.entities.box.history(first);
      expect(items.map(({ operation, changes, erased }) => [operation, changes?.["label"], erased])).toEqual([
        ["erase", undefined, false],
        ["update", [null, null], true],
        ["create", [null, null], true],
      ]);
      const stored = await app().storedJournal(tenant);
      expect(stored.filter((row) => row["record"] === first).map((row) => row["changes"])).not.toContain("a");
      // The erasure of one record is none of another's.
      const erasure = stored.find((row) => row["operation"] === "erase")?.["id"];
      const other = stored.find((row) => row["record"] === second)?.["position"] as number;
      await storage().updateWhere(JOURNAL_TABLE.name, rowAt(tenant, other), {
        changes: "{}",
        erased: erasure,
      });
      expect((await verifyAudit(app().crm, { tenant })).broken?.position).toBe(other);
    });

    it("is a command that says where, with an exit code", async () => {
      if (app().url.endsWith(":memory:")) return;
      const { tenant } = await sixEntries();
      const lines: string[] = [];
      const errors: string[] = [];
      const output = { out: (line: string) => lines.push(line), error: (line: string) => errors.push(line) };
      const secret = "a secret of tests, forty characters long";
      const run = (...args: string[]) =>
        runCli([...args, "--tenant", tenant], { DATABASE_URL: app().url, CORM_SECRET: secret }, output);
      expect(await run("audit", "verify")).toBe(0);
      expect(lines.join()).toMatch(new RegExp(`^${tenant}: 6 entries, head [0-9a-f]{64}$`));
      lines.length = 0;
      expect(await run("audit", "head")).toBe(0);
      const file = join(mkdtempSync(join(tmpdir(), "corm-head-")), "heads");
      writeFileSync(file, lines.join("\n"));
      expect(await run("audit", "verify", "--head", file)).toBe(0);
      await storage().updateWhere(JOURNAL_TABLE.name, rowAt(tenant, 3), { actor_id: "mallory" });
      expect(await run("audit", "verify", "--head", file)).toBe(1);
      expect(errors.join()).toContain(`${tenant}: broken at position 3`);
      expect(await runCli(["audit", "burn"], {}, output)).toBe(2);
      expect(await runCli(["audit", "verify"], {}, output)).toBe(2);
      expect(await runCli(["audit", "verify", "--what", "x"], {}, output)).toBe(2);
      expect(await runCli(["audit", "verify", "--help"], {}, output)).toBe(0);
    });
  });
});
