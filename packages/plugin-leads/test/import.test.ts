import { crmCore, defineRole, importFile, importRejection, resumeImport } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm } from "@corm/core/testing";
import { workflow } from "@corm/plugin-workflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { lead, leads } from "../src/index.js";

const importer = defineRole({
  name: "importer",
  entities: { lead: { read: "all", create: "all", update: "all", import: true } },
});
const open = (url = "sqlite::memory:") =>
  createTestCrm({
    storage: storageAt(url),
    plugins: [crmCore(), leads(), workflow()],
    roles: [importer],
  });
type Test = Awaited<ReturnType<typeof open>>;

async function* bytes(text: string) {
  yield new TextEncoder().encode(text);
}
const csv = (rows: readonly string[]) => `lastName,email,company\n${rows.join("\n")}\n`;
const capture = { format: "csv", mode: "capture" } as const;

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("a file of leads goes through capture, and a run that breaks off takes nobody in twice", async () => {
      const { url, drop } = await database.create();
      const test = await open(url);
      const { me } = test;
      try {
        const team = await me.entities.team.create({ name: "Desk" });
        const rep = await me.entities.user.create({ name: "Rep" });
        await me.entities.teamMember.create({ teamId: team.id, userId: rep.id });
        await me.entities.assignmentRule.create({ name: "All", target: "lead", teamId: team.id });
        const known = await me.entities.lead.capture({
          values: { lastName: "Known", email: "p1@example.com" },
          channel: "phone",
        });
        // 600 rows, of whom the last 100 come a second time, and one says nothing of himself.
        const rows = Array.from({ length: 600 }, (_, n) => `P${n % 500},P${n % 500}@Example.com,Acme`);
        rows[550] = ",,";
        const text = csv(rows);
        async function* broken() {
          yield* bytes(text.slice(0, Math.floor(text.length * 0.95)));
          throw new Error("the line is dead");
        }
        await expect(importFile(me, lead, broken(), capture)).rejects.toThrow("the line is dead");
        const [job] = (await me.entities.importJob.find()).items;
        expect(job).toMatchObject({ state: "interrupted", position: 400 });
        const status = await resumeImport(me, job!.id, bytes(text));
        expect(status).toMatchObject({ state: "finished", done: 600, accepted: 599, rejected: 1 });
        const [refused] = (await me.repo(importRejection).find()).items;
        expect(refused).toMatchObject({ row: expect.any(Number) });
        expect(await me.entities.lead.count()).toBe(500);
        expect(await me.entities.touchpoint.count({ channel: "import" })).toBe(599);
        expect(await me.entities.lead.count({ ownerId: rep.id })).toBe(500);
        // What he was lacking is filled in, and what was there stays.
        expect(await me.entities.lead.get(known.leadId!)).toMatchObject({
          lastName: "Known",
          company: "Acme",
        });
      } finally {
        await test.crm.stop();
        await drop();
      }
    }, 120_000);
  });
}

describe("a file of leads", () => {
  let test: Test;
  beforeEach(async () => {
    test = await open();
  });
  afterEach(() => test.crm.stop());

  it("writes no field that capture keeps for itself, and nothing in a dry run", async () => {
    const { me } = test;
    const text = "lastName,score\nAda,\nBob,9\n";
    const status = await importFile(me, lead, bytes(text), capture);
    expect(status).toMatchObject({ accepted: 1, rejected: 1 });
    expect((await me.entities.lead.find()).items.map(({ lastName }) => lastName)).toEqual(["Ada"]);
    await importFile(me, lead, bytes(csv(["Eve,eve@example.com,"])), { ...capture, dryRun: true });
    expect(await me.entities.lead.count()).toBe(1);
    expect(await me.entities.touchpoint.count()).toBe(1);
  });

  it("over HTTP takes the permission to capture, and the mode is refused where nobody takes records in", async () => {
    const roles = { of: ["importer"] };
    const http = createHttp(test.crm, {
      authenticate: () => ({ actor: { kind: "user", id: "ada" }, tenant: "test", roles: roles.of }),
    });
    const post = (path: string, body: string) =>
      http.request(path, { method: "POST", headers: { "content-type": "text/csv" }, body });
    const text = csv(["Ada,ada@example.com,"]);
    expect((await post("/api/leads/import?mode=capture", text)).status).toBe(403);
    expect(await test.me.entities.lead.count()).toBe(0);
    roles.of = ["admin"];
    expect((await post("/api/leads/import?mode=capture", text)).status).toBeLessThan(300);
    expect(await test.me.entities.lead.count()).toBe(1);
    const other = await post("/api/contacts/import?mode=capture", "lastName\nAda\n");
    expect(other.status).toBe(400);
    expect(await test.me.entities.importJob.count()).toBe(1);
  });
});
