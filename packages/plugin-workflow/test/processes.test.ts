import { agent, assignmentDecision, assignmentRule } from "@corm/plugin-workflow";
import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { spawnScript } from "../../core/test/support/spawn.js";
import { countsOf, lead, makeLeads, ownersOf, staff, workflowCrm } from "./support.js";

/** Leads that processes give out, 8 at full size: `CORM_ASSIGNED=1000 npx vitest run packages/plugin-workflow/test/processes`. */
const LEADS = Number(process.env["CORM_ASSIGNED"] ?? 60);
const PROCESSES = LEADS < 1000 ? 3 : 8;

for (const database of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it(`J82 ${PROCESSES} processes give ${LEADS} leads to 10 people: as many to each, none twice, nobody more than he can have`, async () => {
      const { url, drop } = await database.create();
      const kit = await workflowCrm({}, { storage: storageAt(url) });
      const { team, people } = await staff(kit.me, 11);
      const [small = { id: "" }, ...others] = people;
      await kit.me.repo(agent).create({ userId: small.id, capacity: 3 });
      await kit.me.repo(assignmentRule).create({ name: "All", target: "lead", teamId: team.id });
      const ids: string[] = [];
      for (let at = 0; at < LEADS; at += 100)
        ids.push(...(await makeLeads(kit.me, Math.min(100, LEADS - at))));
      const script = new URL("./assigner.ts", import.meta.url);
      const work = Array.from({ length: PROCESSES }, (_, n) =>
        spawnScript(
          script,
          JSON.stringify({ url, ids, start: Math.floor((n * LEADS) / PROCESSES), chunk: 7 }),
        ),
      );
      const given = await Promise.all(work.map(async (process) => Number(await process.line())));
      for (const { code, errors } of await Promise.all(work.map((process) => process.ended())))
        expect([code, errors]).toEqual([0, ""]);
      expect(given.reduce((sum, n) => sum + n, 0)).toBe(LEADS);
      const owners = new Map<string, string | null>();
      for (let at = 0; at < LEADS; at += 500)
        for (const [id, owner] of await ownersOf(kit.me, ids.slice(at, at + 500))) owners.set(id, owner);
      expect(countsOf(owners, [small])).toEqual([3]);
      const counts = countsOf(owners, others);
      expect(counts.reduce((sum, n) => sum + n, 0)).toBe(LEADS - 3);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
      expect(await kit.me.repo(assignmentDecision).count({ outcome: "assigned" })).toBe(LEADS);
      const versions = await kit.me.repo(lead).count({ version: { ne: 2 } });
      expect(versions).toBe(0);
      await kit.crm.stop();
      await drop();
    }, 300_000);
  });
}
