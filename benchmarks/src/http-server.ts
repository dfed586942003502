import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { serve } from "@hono/node-server";
import type { Hono } from "hono";
import { startCrm } from "./app/crm.js";
import { handWritten } from "./contenders/hand-written.js";
import { knexContender } from "./contenders/knex.js";
import { knexOnSqlite } from "./contenders/knex-client.js";
import { rawContender } from "./contenders/raw.js";
import { sqliteDriver } from "./contenders/raw-driver.js";

/**
 * One contender as a server of its own: `node http-server.js raw path`. Tells its parent the port, and at every message
 * the processor time that it has used.
 */
const opened: Readonly<Record<string, (path: string) => Hono | Promise<Hono>>> = {
  raw: (path) => handWritten(rawContender(sqliteDriver(path, "normal"))),
  knex: (path) =>
    handWritten(knexContender(knexOnSqlite(path, "normal"), (column) => `substr(${column}, 1, 7)`)),
  corm: async (path) =>
    createHttp(await startCrm(sqlite(path, { driver: "@photostructure/sqlite", synchronous: "normal" }))),
};

const [, , name = "", path = ""] = process.argv;
const app = await opened[name]?.(path);
if (!app) throw new Error(`No contender is called "${name}".`);
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => process.send?.({ port }));
process.on("message", () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system });
});
process.on("disconnect", () => process.exit());
