import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { databases, suiteName } from "../../../packages/core/test/support/databases.js";
import { compareWithReference } from "../src/report/reference.js";
import { makeData } from "../src/sample/make-data.js";
import { importWithin, seen, start, temporaryFolder } from "./support.js";

const ROWS = 2000;
/** After the first line of output; the import itself begins some hundred milliseconds later. */
const DELAYS_MS = [300, 900];

for (const database of databases.filter(({ name }) => /file|PostgreSQL/.test(name))) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    it("completes an import that was killed, and doubles nothing", { timeout: 120_000 }, async () => {
      await using data = await temporaryFolder(
        makeData({ seed: 99, opportunities: ROWS, from: "2022-02-01" }),
      );
      const { url, drop } = await database.create();
      try {
        const env = { CORM_DATA_DIR: data.path, DATABASE_URL: url };
        let killed = 0;
        for (const delay of DELAYS_MS) {
          const run = start(data.path, ["--no-serve", "--json"], env);
          await seen(run, "Database:");
          await sleep(delay);
          run.child.kill("SIGKILL");
          if ((await run.ended) === "SIGKILL") killed += 1;
        }
        expect(killed).toBeGreaterThan(0);
        const last = await importWithin(data.path, url);
        expect(last.figures).toMatchObject({ opportunities: ROWS, imported: ROWS, rejected: 0 });
        expect(await compareWithReference(data.path, last.figures)).toMatchObject({ differences: [] });
        expect(last.visits).toBe(ROWS);
      } finally {
        await drop();
      }
    });
  });
}
