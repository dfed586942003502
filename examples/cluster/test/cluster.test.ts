import { setTimeout as sleep } from "node:timers/promises";
import { contact, issueApiKey } from "@corm/core";
import { describe, expect, it } from "vitest";
import { freshPrefix, missing, redisUrl, title, wipe } from "../../../packages/bullmq/test/servers.js";
import { databases, suiteName } from "../../../packages/core/test/support/databases.js";
import { greeting, openApp, TENANT } from "../src/app.js";
import { startCluster } from "../src/cluster.js";
import { makeContacts } from "../src/load.js";

const COUNT = Number(process.env["CORM_CLUSTER_REQUESTS"] ?? 120);

for (const database of databases.filter(({ name }) => name === "PostgreSQL")) {
  describe.skipIf(missing || !database.available)(`${title}, ${suiteName(database)}`, () => {
    it("spreads requests, and loses and doubles nothing when processes are killed and replaced", async () => {
      const { url, drop } = await database.create();
      const prefix = freshPrefix();
      const settings = {
        database: url,
        redis: redisUrl,
        prefix,
        secret: "a secret of forty characters, for tests.",
      };
      const own = await openApp(settings);
      const me = own.crm.as({ actor: { kind: "user", id: "test" }, tenant: TENANT, roles: ["admin"] });
      const { key } = await issueApiKey(me, { name: "test", roles: ["admin"] });
      const cluster = await startCluster(settings);
      try {
        const pids = cluster.members().flatMap(({ kind, pid }) => (kind === "api" ? [String(pid)] : []));
        expect(pids.length).toBe(2);
        const calm = await makeContacts(cluster.url, key, { count: 20, name: "calm" });
        expect([...calm.servedBy.keys()].sort()).toEqual([...pids].sort());

        const loading = makeContacts(cluster.url, key, { count: COUNT, name: "killed" });
        await sleep(100);
        await cluster.kill("api");
        await cluster.kill("worker");
        const killed = await loading;
        expect([...killed.statuses]).toEqual([[201, COUNT]]);

        const rolling = makeContacts(cluster.url, key, { count: COUNT, name: "rolled" });
        await cluster.roll();
        expect([...(await rolling).statuses]).toEqual([[201, COUNT]]);

        const made = [...calm.made, ...killed.made, ...(await rolling).made];
        expect(new Set(made).size).toBe(20 + 2 * COUNT);
        expect(await me.repo(contact).count()).toBe(made.length);
        for (let tries = 0; tries < 600 && (await me.repo(greeting).count()) < made.length; tries++)
          await sleep(50);
        const greeted: string[] = [];
        for await (const { contactId } of me.repo(greeting).stream({})) greeted.push(contactId);
        expect(greeted.sort()).toEqual([...made].sort());
      } finally {
        await cluster.stop();
        await own.stop();
        await drop();
        await wipe(prefix);
      }
    }, 240_000);
  });
}
