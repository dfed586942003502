import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { issueApiKey } from "@corm/core";
import { greeting, openApp, TENANT } from "./app.js";
import { startCluster } from "./cluster.js";
import { makeContacts } from "./load.js";

/**
 * `npm start -w @corm/example-cluster`: two processes that serve, two that work, a proxy before them; requests, while one
 * of each is killed and all are replaced; and what became of them. Takes `DATABASE_URL` of an empty PostgreSQL database,
 * and `REDIS_URL`.
 */
const settings = {
  database: process.env["DATABASE_URL"] ?? "postgres://postgres@127.0.0.1:5432/corm_cluster",
  redis: process.env["REDIS_URL"] ?? "redis://127.0.0.1:6379",
  prefix: "corm-cluster",
  secret: process.env["CORM_SECRET"] ?? randomBytes(32).toString("base64"),
};
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const shown = (counts: ReadonlyMap<unknown, number>): string =>
  [...counts].map(([name, count]) => `${String(name)}: ${count}`).join(", ");

const own = await openApp(settings);
const me = own.crm.as({ actor: { kind: "user", id: "operator" }, tenant: TENANT, roles: ["admin"] });
const { key } = await issueApiKey(me, { name: "cluster", roles: ["admin"] });
const before = await me.repo(greeting).count();
const cluster = await startCluster(settings);
try {
  say(
    `Serving at ${cluster.url} with ${cluster
      .members()
      .map(({ kind, pid }) => `${kind} ${pid}`)
      .join(", ")}`,
  );
  const name = `Run ${randomBytes(3).toString("hex")}`;
  const loading = makeContacts(cluster.url, key, { count: 400, name });
  await sleep(300);
  say(`Killed api ${await cluster.kill("api")} and worker ${await cluster.kill("worker")}`);
  await cluster.roll();
  say("Replaced all, one after another");
  const { made, statuses, servedBy } = await loading;
  say(
    `Answers by status: ${shown(statuses)}; by process: ${shown(servedBy)}; sent again: ${cluster.counts.retried}`,
  );
  for (let tries = 0; tries < 300 && (await me.repo(greeting).count()) < before + made.length; tries++)
    await sleep(100);
  say(`${made.length} contacts made, ${(await me.repo(greeting).count()) - before} greetings by workers`);
} finally {
  await cluster.stop();
  await own.stop();
}
