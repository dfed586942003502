import type { AddressInfo } from "node:net";
import { createHttp } from "@corm/core/http";
import { redisLimiter } from "@corm/redis";
import { createAdaptorServer } from "@hono/node-server";
import { openApp, readSettings } from "./app.js";

/** A process that serves requests. Prints its port; ends on SIGTERM once those under way are answered. */
const settings = readSettings();
const { crm, redis, stop } = await openApp(settings);
const limiter = redisLimiter(redis, { prefix: `${settings.prefix}:limits` });
const http = createHttp(crm, { rateLimits: { api: { limit: 100_000, windowSeconds: 60 }, limiter } });
const server = createAdaptorServer({
  fetch: async (request) => {
    const response = await http.fetch(request);
    response.headers.set("x-served-by", String(process.pid));
    return response;
  },
});
server.listen(0, "127.0.0.1", () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.once("SIGTERM", () => {
  server.close(() => void stop());
  (server as { closeIdleConnections?: () => void }).closeIdleConnections?.();
});
