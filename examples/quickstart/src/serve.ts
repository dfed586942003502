import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { findApiKey, issueApiKey } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { createAdaptorServer } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { QuickstartCrm, Session } from "./crm.js";
import { UserError } from "./user-error.js";

const HOST = "127.0.0.1";
/** How long requests that are under way may take when the process is told to stop. */
const GRACE_MS = 5000;
/** Of slow and silent connections, tighter than the defaults of Node.js; what requests may take is core's business. */
const SERVER_OPTIONS = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 16_384,
} as const;

/** The key that requests need, for people to read. */
export interface AccessKey {
  readonly text: string;
  /** How a shell line names it. */
  readonly inShell: string;
}

const NAMED = "$CORM_API_KEY";

/** Accepts the given key; without one, makes a key on the first run and leaves it alone on later ones. */
export async function ensureApiKey(session: Session, given: string | undefined): Promise<AccessKey> {
  if (given !== undefined) {
    const known = await findApiKey(session, given);
    if (!known) await issueApiKey(session, { name: "CORM_API_KEY", roles: ["admin"], secret: given });
    return { text: "that of CORM_API_KEY", inShell: NAMED };
  }
  if ((await session.entities.apiKey.count()) > 0) {
    const text = "as shown on the first start; CORM_API_KEY=<key> npm start sets another one";
    return { text, inShell: NAMED };
  }
  const { key } = await issueApiKey(session, { name: "First start", roles: ["admin"] });
  return { text: `${key}  (shown this once)`, inShell: key };
}

export interface Served {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the HTTP API. @throws UserError where the port is taken */
export async function serveHttp(crm: QuickstartCrm, port: number): Promise<Served> {
  const app = createHttp(crm, {
    title: "Corm quickstart",
    clientAddress: (c) => getConnInfo(c).remote.address,
  });
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: SERVER_OPTIONS }) as Server;
  server.listen(port, HOST);
  try {
    await once(server, "listening");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") {
      throw new UserError(`Port ${port} is taken. Choose another one: PORT=${port + 1} npm start`);
    }
    if (code === "EACCES") throw new UserError(`Port ${port} needs more rights. Choose one above 1023.`);
    throw error;
  }
  const { port: actual } = server.address() as AddressInfo;
  return { url: `http://localhost:${actual}`, stop: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await closed;
  clearTimeout(patience);
}

/** Where the API is, its key, and requests worth trying. */
export async function serveText(session: Session, url: string, key: AccessKey): Promise<string> {
  const auth = `-H "Authorization: Bearer ${key.inShell}"`;
  const json = `-H "Content-Type: application/json"`;
  const open = await session.entities.opportunity.first({ where: { stage: "prospecting" }, orderBy: ["id"] });
  const action = open
    ? `curl -s -X POST ${auth} ${json} -d '{"stage":"engaging"}' "${url}/api/opportunities/${open.id}/move-to"`
    : `curl -s -X POST ${auth} "${url}/api/opportunities/sales-report"`;
  return [
    `Serving ${url}`,
    `API key: ${key.text}`,
    "",
    "Try:",
    `  curl -sg ${auth} "${url}/api/opportunities?filter[stage]=engaging&sort=-openedOn&limit=3&include=account"`,
    `  curl -s -X POST ${auth} ${json} -d '{"where":{"status":"won"},"groupBy":[{"field":"closeDate","bucket":"quarter","as":"quarter"}],"measures":{"won":{"count":true},"revenue":{"sum":"amount"}}}' "${url}/api/opportunities/aggregate"`,
    `  ${action}`,
    "",
    `Everything else: ${url}/openapi.json. Stop with Ctrl+C.`,
  ].join("\n");
}
