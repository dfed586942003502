import { jobConformance } from "@corm/core/testing";
import { describe, test } from "vitest";
import { securedToo, storageAt, suiteName } from "../support/databases.js";
import { reuse } from "../support/reused.js";

for (const database of reuse(securedToo)) {
  // In memory there is one connection: the file stands for SQLite.
  if (database.name === "SQLite in memory") continue;
  describe.skipIf(!database.available)(suiteName(database), () => {
    jobConformance({
      name: `databaseJobs on ${database.name}`,
      runner: {
        describe: (name, body) => void describe(name, body),
        test: (name, body, timeout) => test(name, body, timeout),
      },
      open: async () => {
        const { url, drop } = await database.create();
        return { storage: () => storageAt(url), isShared: true, dispose: drop };
      },
    });
  });
}
