import { jobConformance } from "@corm/core/testing";
import { describe, test } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { bullmqJobs } from "../src/index.js";
import { freshPrefix, missing, redisUrl, title, wipe } from "./servers.js";

const runner = {
  describe: (name: string, body: () => void) => void describe(name, body),
  test: (name: string, body: () => Promise<void>, timeout?: number) => test(name, body, timeout),
};

for (const database of databases.filter(({ name }) => name === "PostgreSQL" || name === "MariaDB")) {
  describe.skipIf(missing || !database.available)(`${title}, ${suiteName(database)}`, () => {
    jobConformance({
      name: `bullmqJobs with ${database.name}`,
      runner,
      open: async () => {
        const { url, drop } = await database.create();
        const prefix = freshPrefix();
        return {
          storage: () => storageAt(url),
          isShared: true,
          engine: bullmqJobs({ redis: { url: redisUrl, prefix } }),
          dispose: async () => {
            await drop();
            await wipe(prefix);
          },
        };
      },
    });
  });
}

/** BullMQ's tables in the database of the app. */
for (const database of databases.filter(({ name }) => name === "PostgreSQL")) {
  describe.skipIf(!database.available)(`BullMQ on ${suiteName(database)}`, () => {
    jobConformance({
      name: "bullmqJobs on PostgreSQL alone",
      runner,
      open: async () => {
        const { url, drop } = await database.create();
        return {
          storage: () => storageAt(url),
          isShared: true,
          engine: bullmqJobs({ postgres: { url } }),
          dispose: drop,
        };
      },
    });
  });
}
