import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface RunningProxy {
  readonly url: string;
  /** Ports of those that serve now. */
  backends(ports: readonly number[]): void;
  /** Requests that were sent to another one after the first had gone. */
  readonly counts: { retried: number; failed: number };
  stop(): Promise<void>;
}

const MAX_BODY = 1_000_000;
const PATIENCE_MS = 10_000;

/**
 * Hands requests to one process after another. What went to one that died is sent to the next where that does no harm: it
 * was never connected, it only reads, or it has an idempotency key, under which Corm does a thing once.
 *
 * For a demonstration; in production nginx, HAProxy or a load balancer does this.
 */
export async function startProxy(): Promise<RunningProxy> {
  let ports: readonly number[] = [];
  let turn = 0;
  const counts = { retried: 0, failed: 0 };

  function attempt(from: IncomingMessage, body: Buffer, port: number): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const { method, url, headers } = from;
      const to = request({ host: "127.0.0.1", port, method, path: url, headers, agent: false }, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        // All of it, before any of it goes out: half an answer cannot be taken back.
        answer.on("end", () => resolve(Object.assign(answer, { whole: Buffer.concat(parts) })));
        answer.on("error", reject);
        answer.on("aborted", () => reject(new Error("the answer ended half way")));
      });
      to.on("error", reject);
      to.end(body);
    });
  }

  async function handle(from: IncomingMessage, to: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    let size = 0;
    for await (const part of from as AsyncIterable<Buffer>) {
      size += part.length;
      if (size > MAX_BODY) return void to.writeHead(413).end();
      parts.push(part);
    }
    const body = Buffer.concat(parts);
    const isSafe = from.method === "GET" || from.headers["idempotency-key"] !== undefined;
    const deadline = performance.now() + PATIENCE_MS;
    for (let tries = 0; performance.now() < deadline; tries++) {
      const port = ports[turn++ % Math.max(1, ports.length)];
      try {
        if (port === undefined) throw Object.assign(new Error("nobody serves"), { code: "ECONNREFUSED" });
        const answer = await attempt(from, body, port);
        if (tries > 0) counts.retried += 1;
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        to.end((answer as IncomingMessage & { whole: Buffer }).whole);
        return;
      } catch (error) {
        const wasNeverThere = (error as { code?: string }).code === "ECONNREFUSED";
        if (!wasNeverThere && !isSafe) break;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
    counts.failed += 1;
    to.writeHead(502).end();
  }

  const server = createServer((from, to) => void handle(from, to).catch(() => to.destroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    backends: (now) => {
      ports = now;
    },
    counts,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
