import { knexStorage } from "@corm/core/knex";
import { afterAll, beforeAll, describe } from "vitest";
import { databases, suiteName, type TestDatabase } from "../../support/databases.js";
import { startApi, type TestApi } from "./start.js";

/** Runs a suite over HTTP once per engine: what one takes for a wrong value, another takes for a wrong statement. */
export function onEngines(suite: (api: () => TestApi) => void): void {
  for (const server of databases.filter(({ name }) => name !== "SQLite in a file")) {
    describe.skipIf(!server.available)(suiteName(server), () => {
      let database: TestDatabase | undefined;
      let api: TestApi | undefined;
      beforeAll(async () => {
        database = await server.create();
        api = await startApi(undefined, knexStorage({ url: database.url }));
      });
      afterAll(async () => {
        await api?.crm.stop();
        await database?.drop();
      });
      suite(() => api as TestApi);
    });
  }
}
