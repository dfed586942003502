import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { always } from "../../src/storage/filter.js";
import { knexStorage } from "../../src/storage/knex/index.js";
import { fixtureSchema, id } from "../../src/testing/storage-conformance/fixtures.js";
import { migrate, values } from "../../src/testing/storage-conformance/suite.js";
import { databases, suiteName, type TestDatabase } from "../support/databases.js";
import { startChild } from "./support/spawn.js";

for (const server of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!server.available)(`several processes on ${suiteName(server)}`, () => {
    let database: TestDatabase;

    beforeAll(async () => {
      database = await server.create();
      const storage = knexStorage({ url: database.url });
      await migrate(storage);
      await storage.close();
    });

    afterAll(() => database?.drop());

    test("lose no update and meet no error when they write the same row", async () => {
      const storage = knexStorage({ url: database.url });
      await storage.open(fixtureSchema);
      await storage.insertMany("counter", [{ id: id(1), n: 0, version: 1 }]);
      const children = [1, 2, 3].map(() => startChild("increment", database.url));
      for (const child of children) expect(await child.ended()).toEqual({ code: 0, errors: "" });
      expect(await values(storage, "counter", "n")).toEqual([300]);
      await storage.close();
    });

    test("keep what one was told of before it was killed", async () => {
      const storage = knexStorage({ url: database.url });
      await storage.open(fixtureSchema);
      await storage.deleteWhere("counter", always);
      const child = startChild("write", database.url);
      let told = 0;
      while (told < 30) told = Number(await child.line());
      await child.kill();
      const kept = await values(storage, "counter", "n");
      expect(kept.length).toBeGreaterThanOrEqual(told);
      expect(kept.slice(0, told)).toEqual(Array.from({ length: told }, (_, index) => index + 1));
      await storage.close();
    });

    test("get the lock of one that was killed", async () => {
      const storage = knexStorage({ url: database.url });
      const child = startChild("lock", database.url);
      expect(await child.line()).toBe("locked");
      let entered = false;
      const waiting = storage.schema.withLock(async () => {
        entered = true;
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(entered).toBe(false);
      await child.kill();
      await waiting;
      expect(entered).toBe(true);
      await storage.close();
    });
  });
}
