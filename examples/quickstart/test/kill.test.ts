import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { databases, suiteName } from "../../../packages/core/test/support/databases.js";
import { openCrm } from "../src/crm.js";
import { findFolder } from "../src/data/folder.js";
import { compareWithReference } from "../src/report/reference.js";
import { makeData } from "../src/sample/make-data.js";
import { importWithin, start, temporaryFolder } from "./support.js";

const ROWS = 3000;
/** The process is killed as soon as more rows are in, first in the first batches, then in later ones. */
const KILL_ABOVE = [0, 1000];

for (const database of databases.filter(({ name }) => /file|PostgreSQL/.test(name))) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("completes an import that was killed, and doubles nothing", { timeout: 120_000 }, async () => {
      await using data = await temporaryFolder(
        makeData({ seed: 99, opportunities: ROWS, from: "2022-02-01" }),
      );
      const { tenant } = await findFolder(data.path);
      const { url, drop } = await database.create();
      const crm = await openCrm(url, tenant);
      try {
        const { opportunity } = crm.system({ tenant, reason: "watch the import" }).entities;
        for (const rows of KILL_ABOVE) {
          const run = start(data.path, ["--no-serve"], { CORM_DATA_DIR: data.path, DATABASE_URL: url });
          while ((await opportunity.count()) <= rows && run.child.exitCode === null) await sleep(2);
          run.child.kill("SIGKILL");
          expect(await run.ended, run.text.err).toBe("SIGKILL");
        }
        expect(await opportunity.count()).toBeLessThan(ROWS);
        const last = await importWithin(data.path, url);
        expect(last.figures).toMatchObject({ opportunities: ROWS, imported: ROWS, rejected: 0 });
        expect(await compareWithReference(data.path, last.figures)).toMatchObject({ differences: [] });
        expect(last.visits).toBe(ROWS);
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
