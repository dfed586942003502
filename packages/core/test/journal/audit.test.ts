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

  const rowsAt = (tenant: string, position: number) =>
    storage().findMany({
      table: JOURNAL_TABLE.name,
      columns: JOURNAL_TABLE.columns.map(({ name }) => name),
      where: rowAt(tenant, position),
      orderBy: [],
      limit: 1,
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
      expect((await verifyAudit(app().crm, { tenant, heads: [kept] })).broken).toBeNull();

      await storage().updateWhere(
        JOURNAL_TABLE.name,
        { op: "and", of: [own, { op: "gt", column: "position", value: 0 }] },
        { position: 0, hash: null, reason: "rewritten" },
      );
      await storage().deleteWhere(JOURNAL_HEAD_TABLE.name, own);
      expect((await verifyAudit(app().crm, { tenant })).broken).toBeNull();
      expect((await verifyAudit(app().crm, { tenant, heads: [kept] })).broken?.position).toBe(6);
      const forged = { ...kept, hash: "0".repeat(64) };
      expect((await verifyAudit(app().crm, { tenant, heads: [forged] })).broken?.position).toBe(0);
      await storage().deleteWhere(JOURNAL_TABLE.name, own);
      await storage().deleteWhere(JOURNAL_HEAD_TABLE.name, own);
      expect((await verifyAudit(app().crm, { tenant, heads: [kept] })).broken?.position).toBe(1);
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

    it("finds an entry beyond the end, which no reader is shown", async () => {
      const { me, tenant, boxes } = await sixEntries();
      const [first] = boxes.map(({ id }) => id) as [string];
      const kept = await auditHead(app().crm, tenant);
      const [row] = await rowsAt(tenant, 4);
      await storage().insertMany(JOURNAL_TABLE.name, [
        { ...row, id: app().crm.runtime.newId(), position: 1_000_000, changes: `{"label":["b","FORGED"]}` },
      ]);
      for (const heads of [[], [kept]])
        expect((await verifyAudit(app().crm, { tenant, heads })).broken?.position).toBe(1_000_000);
      expect(JSON.stringify(await me.entities.box.history(first))).not.toContain("FORGED");
      const page = await me.changes();
      expect(page.items).toHaveLength(6);
      await me.entities.box.update(first, { label: "real" });
      const { items } = await me.changes({ after: page.next });
      expect(items.map(({ changes }) => changes?.["label"])).toEqual([["a2", "real"]]);
    });

    it("finds values under an erasure that it has not left: written after it, or put in their place", async () => {
      const { me, tenant, boxes } = await sixEntries();
      const [first] = boxes.map(({ id }) => id) as [string];
      const session = app().crm.system({ tenant, reason: "erasure" }) as unknown as Session;
      await eraseJournal(session, session.entity("box"), [first], "all");
      await me.entities.box.update(first, { label: "later" });
      expect((await verifyAudit(app().crm, { tenant })).broken).toBeNull();
      const stored = await app().storedJournal(tenant);
      const erasure = stored.find((row) => row["operation"] === "erase")?.["id"];
      const later = stored.findIndex((row) => String(row["changes"]).includes("later")) + 1;
      const erased = stored.findIndex((row) => row["erased"] === erasure) + 1;
      for (const [position, patch] of [
        [later, { changes: `{"label":[null,"FORGED"]}`, erased: erasure }],
        [erased, { changes: `{"label":[null,"FORGED"]}` }],
        [erased, { changes: null }],
      ] as const) {
        const [before] = await rowsAt(tenant, position);
        await storage().updateWhere(JOURNAL_TABLE.name, rowAt(tenant, position), patch);
        expect((await verifyAudit(app().crm, { tenant })).broken?.position).toBe(position);
        const { changes, erased: by } = before as Record<string, unknown>;
        await storage().updateWhere(JOURNAL_TABLE.name, rowAt(tenant, position), { changes, erased: by });
      }
      // Once more, over what was erased before.
      await eraseJournal(session, session.entity("box"), [first], "all");
      expect((await verifyAudit(app().crm, { tenant })).broken).toBeNull();
    });

    it("is a command that says where, with an exit code", async () => {
      if (app().url.endsWith(":memory:")) return;
      const { me, tenant, boxes } = await sixEntries();
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
      const broken = `${file}-broken`;
      writeFileSync(broken, `${lines[0]}\nno head\n`);
      expect(await run("audit", "verify", "--head", broken)).toBe(2);
      expect(errors.splice(0).join()).toContain("line 2 ");
      // Every head of the file counts, not the oldest alone.
      await me.entities.box.update(boxes[0]?.id as string, { label: "seventh" });
      expect(await run("audit", "head")).toBe(0);
      writeFileSync(file, lines.filter((line) => line.startsWith("{")).join("\n"));
      expect(await run("audit", "verify", "--head", file)).toBe(0);
      const [{ hash } = {}] = await rowsAt(tenant, 6);
      const ofTenant = { op: "eq" as const, column: "tenant_id", value: tenant };
      const whole = [await rowsAt(tenant, 7), await app().storedJournal(tenant)] as const;
      await storage().deleteWhere(JOURNAL_TABLE.name, rowAt(tenant, 7));
      await storage().updateWhere(JOURNAL_HEAD_TABLE.name, ofTenant, { position: 6, hash });
      expect(await run("audit", "verify", "--head", file)).toBe(1);
      expect(errors.join()).toContain(`${tenant}: broken at position 7`);
      // A tenant whose trail is gone as a whole is one that a head tells of.
      await storage().deleteWhere(JOURNAL_TABLE.name, ofTenant);
      await storage().deleteWhere(JOURNAL_HEAD_TABLE.name, ofTenant);
      errors.length = 0;
      const env = { DATABASE_URL: app().url, CORM_SECRET: secret };
      expect(await runCli(["audit", "verify", "--head", file], env, output)).toBe(1);
      expect(errors.join()).toContain(`${tenant}: broken at position 1`);
      await storage().insertMany(JOURNAL_TABLE.name, whole[1].slice(0, 6));
      await storage().insertMany(JOURNAL_HEAD_TABLE.name, [{ tenant_id: tenant, position: 6, hash }]);
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
