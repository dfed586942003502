import { createHttp } from "@corm/core/http";
import { issueCalendarFeed } from "@corm/plugin-sales";
import { describe, expect, it } from "vitest";
import { databases, storageAt, suiteName } from "../../core/test/support/databases.js";
import { salesCrm } from "./support.js";

for (const database of databases) {
  describe.skipIf(!database.available)(suiteName(database), { timeout: 120_000 }, () => {
    it("leaves one calendar link of those that are asked for at one moment", async () => {
      const { url, drop } = await database.create();
      const { crm, me } = await salesCrm({ storage: storageAt(url) });
      try {
        const ada = await me.entities.user.create({ name: "Ada" });
        const as = crm.as({
          actor: { kind: "user", id: ada.id },
          ...{ tenant: "test", userId: ada.id, roles: ["admin"] },
        });
        const app = createHttp(crm, { clientAddress: () => "203.0.113.9" });
        for (let round = 0; round < 3; round++) {
          const issued = await Promise.all(Array.from({ length: 6 }, () => as.run(issueCalendarFeed, {})));
          const answers = await Promise.all(issued.map(({ path }) => app.request(path)));
          expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
        }
      } finally {
        await crm.stop();
        await drop();
      }
    });
  });
}
