import { endSessions, issueApiKey, revokeApiKey, role, roleAssignment, user } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parcel, plugins } from "../http/support/parcels.js";
import { counting, type StatementLog } from "../support/counting.js";
import { databases, storageAt, suiteName, type TestDatabase } from "../support/databases.js";
import { type SignInApp, startSignIn } from "./support/browser.js";

const READS = { parcel: { read: "all", create: "all" } } as const;

for (const server of databases.filter(({ name }) => name !== "SQLite in memory")) {
  describe.skipIf(!server.available)(suiteName(server), () => {
    let database: TestDatabase;
    let app: SignInApp;
    let log: StatementLog;
    /** The same database in another process, as far as credentials go: nothing is shared but the database. */
    let elsewhere: ReturnType<typeof other> extends Promise<infer A> ? A : never;
    let userId: string;
    let keyId: string;
    let ask: Record<"key" | "session", () => Promise<number>>;
    let create: (body?: ReadableStream) => Promise<number>;

    const other = () => createTestCrm({ plugins, storage: storageAt(database.url), seed: 2 });

    beforeAll(async () => {
      database = await server.create();
      const counted = counting(storageAt(database.url));
      log = counted.log;
      app = await startSignIn({ storage: counted.storage });
      elsewhere = await other();
    });
    afterAll(async () => {
      await app.crm.stop();
      await elsewhere.crm.stop();
      await database.drop();
    });

    let people = 0;
    beforeEach(async () => {
      people += 1;
      const email = `p${people}@example.org`;
      userId = (await app.addUser(email)).id;
      const reader = await app.system
        .repo(role)
        .create({ name: `reader${people}`, label: "Reader", entities: READS });
      await app.system.repo(roleAssignment).create({ userId, role: reader.name });
      const issued = await issueApiKey(app.me, { name: "of a user", roles: [], userId });
      keyId = issued.record.id;
      const browser = app.browser();
      await browser.signIn(email);
      const authorization = `Bearer ${issued.key}`;
      ask = {
        key: async () => (await app.http.request("/api/parcels", { headers: { authorization } })).status,
        session: async () => (await browser.send("GET", "/api/parcels")).status,
      };
      create = async (body) => {
        const headers = { authorization, "content-type": "application/json" };
        const init = { method: "POST", headers, body: body ?? JSON.stringify({ code: `P${people}` }) };
        return (await app.http.request("/api/parcels", { ...init, duplex: "half" } as RequestInit)).status;
      };
      expect(await both()).toEqual([200, 200]);
    });

    const both = async () => [await ask.key(), await ask.session()];
    const there = () => elsewhere.me.asSystem({ reason: "test" });
    const assignment = async () => {
      const found = await there().repo(roleAssignment).first({ where: { userId } });
      return found?.id as string;
    };

    it("is asked in one statement, outside of a transaction and in it", async () => {
      log.clear();
      expect(await both()).toEqual([200, 200]);
      expect(log.asked.map(({ verb, table }) => [verb, table])).toEqual([
        ["findMany", "api_key"],
        ["findMany", "parcel"],
        ["findMany", "user_session"],
        ["findMany", "parcel"],
      ]);
      log.clear();
      expect(await create()).toBe(201);
      expect(log.of("findMany", "api_key")).toHaveLength(2);
      expect(log.asked.filter(({ table }) => /role|user/.test(table))).toEqual([]);
    });

    it("hears at once of a role that was taken away, and of one that was given", async () => {
      await there()
        .repo(roleAssignment)
        .delete(await assignment());
      expect(await both()).toEqual([403, 403]);
      expect(await both()).toEqual([403, 403]);
      await there().repo(roleAssignment).create({ userId, role: "admin" });
      expect(await both()).toEqual([200, 200]);
    });

    it("hears at once of a second role", async () => {
      const name = `blind${people}`;
      await there().repo(role).create({ name, label: "Blind", entities: {} });
      await there()
        .repo(roleAssignment)
        .delete(await assignment());
      await there().repo(roleAssignment).create({ userId, role: name });
      expect(await both()).toEqual([403, 403]);
      await there().repo(roleAssignment).create({ userId, role: "admin" });
      expect(await both()).toEqual([200, 200]);
    });

    it("hears at once of a role that allows something else by now, is deleted, and comes back", async () => {
      const found = await there()
        .repo(role)
        .first({ where: { name: `reader${people}` } });
      const id = found?.id as string;
      await there().repo(role).update(id, { entities: {} });
      expect(await both()).toEqual([403, 403]);
      await there().repo(role).update(id, { entities: READS });
      expect(await both()).toEqual([200, 200]);
      await there().repo(role).delete(id);
      expect(await both()).toEqual([403, 403]);
      expect(await both()).toEqual([403, 403]);
    });

    it("hears at once of a user who is suspended, and of one who is let in again", async () => {
      await there().repo(user).update(userId, { active: false });
      expect(await both()).toEqual([401, 401]);
      expect(await both()).toEqual([401, 401]);
      await there().repo(user).update(userId, { active: true });
      // Suspension ends sessions for good.
      expect(await ask.key()).toBe(200);
    });

    it("hears at once of a key that is revoked, and of sessions that are ended", async () => {
      await revokeApiKey(there(), keyId);
      expect(await both()).toEqual([401, 200]);
      await endSessions(there(), [userId]);
      expect(await both()).toEqual([401, 401]);
    });

    it("hears inside of a transaction of what was taken away since the request began", async () => {
      expect(await create()).toBe(201);
      const id = await assignment();
      // The key is looked up before the body comes, and the transaction begins after.
      const body = new ReadableStream({
        async pull(controller) {
          await there().repo(roleAssignment).delete(id);
          controller.enqueue(new TextEncoder().encode(JSON.stringify({ code: `Z${people}` })));
          controller.close();
        },
      });
      expect(await create(body)).toBe(403);
      expect(await app.me.repo(parcel).count({ code: `Z${people}` })).toBe(0);
    });
  });
}
