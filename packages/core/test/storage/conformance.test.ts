import { afterAll, beforeAll, describe, test } from "vitest";
import { knexStorage } from "../../src/storage/knex/index.js";
import { storageConformance } from "../../src/testing/storage-conformance/index.js";
import { databases, suiteName } from "../support/databases.js";

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), () => {
    storageConformance({
      name: database.name,
      runner: {
        describe: (name, body) => void describe(name, body),
        test: (name, body, timeout) => test(name, body, timeout),
        beforeAll,
        afterAll,
      },
      open: async () => {
        const { url, drop } = await database.create();
        const shared = !url.includes(":memory:");
        return {
          adapter: knexStorage({ url }),
          ...(shared ? { another: () => knexStorage({ url }) } : {}),
          dispose: drop,
        };
      },
    });
  });
}
