import {
  type AuditArchive,
  auditArchive,
  contact,
  crmCore,
  definePlugin,
  issueApiKey,
  provide,
  verifyAudit,
} from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createTestCrm, runJobs } from "@corm/core/testing";
import { expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../support/databases.js";

type Kept = Parameters<AuditArchive["keep"]>[0];

for (const server of databases.filter(({ name }) => name !== "SQLite in a file"))
  it.skipIf(!server.available)(
    `every night the journal is put in order, its head kept outside, and old keys forgotten: ${suiteName(server)}`,
    async () => {
      const database = await server.create();
      const heads: Kept[] = [];
      let refusals = 1;
      const outside = definePlugin({
        name: "outside",
        version: "1.0.0",
        corm: "^0.1",
        setup: () => ({
          services: [
            provide(auditArchive, () => ({
              keep: async (head) => {
                refusals -= 1;
                if (refusals >= 0) throw new Error("the archive is not there");
                heads.push(head);
              },
            })),
          ],
        }),
      });
      const app = await createTestCrm({
        plugins: [crmCore(), outside()],
        storage: storageAt(database.url),
        jobs: { tenants: () => ["test", "idle"] },
      });
      try {
        const { key } = await issueApiKey(app.me, { name: "tests", roles: ["admin"] });
        const created = await createHttp(app.crm).request("/api/contacts", {
          method: "POST",
          headers: {
            authorization: `Bearer ${key}`,
            "content-type": "application/json",
            "idempotency-key": "once",
          },
          body: JSON.stringify({ lastName: "Hopper" }),
        });
        expect(created.status).toBe(201);
        const rows = (table: string, column: string) =>
          app.crm.runtime.storage.acrossTenants("test").findMany({
            table,
            columns: [column],
            where: { op: "const", value: true },
            orderBy: [],
            limit: 100,
          });
        const positions = async () =>
          (await rows("corm_journal", "position")).map(({ position }) => Number(position)).sort();
        expect(new Set(await positions())).toEqual(new Set([0]));
        expect(await rows("corm_idempotency", "id")).toHaveLength(1);

        const ends = await runJobs({ crm: app.crm, clock: app.clock }, { for: { days: 2 } });
        // A refused head is sent again; the tenant without entries has none.
        expect(heads.map(({ tenant }) => tenant)).toEqual(["test", "test"]);
        expect(
          ends.filter(({ name, outcome }) => name === "crm.sealJournal" && outcome === "done"),
        ).toHaveLength(4);
        const placed = await positions();
        expect(placed).not.toContain(0);
        expect(placed).toEqual(placed.map((_, at) => at + 1));
        expect(await rows("corm_idempotency", "id")).toEqual([]);

        // The head proves later that nothing before it was cut off.
        expect((await verifyAudit(app.crm, { tenant: "test", heads })).broken).toBeNull();
        await app.me.repo(contact).create({ lastName: "Later" });
        expect((await verifyAudit(app.crm, { tenant: "test", heads })).broken).toBeNull();
        const forged = heads.map((head) => ({ ...head, position: head.position - 1 }));
        expect((await verifyAudit(app.crm, { tenant: "test", heads: forged })).broken).not.toBeNull();
      } finally {
        await app.crm.stop();
        await database.drop();
      }
    },
  );
