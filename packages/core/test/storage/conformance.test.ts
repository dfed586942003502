import { afterAll, beforeAll, describe, test } from "vitest";
import { storageConformance } from "../../src/testing/storage-conformance/index.js";
import { securedToo, storageAt, suiteName } from "../support/databases.js";

for (const database of securedToo) {
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
          adapter: storageAt(url),
          ...(shared ? { another: () => storageAt(url) } : {}),
          dispose: drop,
        };
      },
    });
  });
}
