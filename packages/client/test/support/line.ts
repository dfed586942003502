import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the line between client and server does with one request. */
export type Fault =
  | "none"
  /** The connection breaks before the server sees the request. */
  | "lost"
  /** The server does it, and the connection breaks before its answer arrives. */
  | "unanswered"
  /** The connection breaks in the middle of the answer. */
  | "torn"
  /** The request arrives twice at the same time, as some proxies send it. */
  | "twice"
  /** A gateway gives up on a server that does it all the same. */
  | "gateway"
  /** The server asks to come again and does nothing. */
  | "busy"
  /** No answer for a while. */
  | "slow";

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fault: Fault;
}

export interface Line {
  readonly url: string;
  readonly seen: Seen[];
  /** Faults of the next requests, in order; then none. */
  plan(...faults: Fault[]): void;
  /** How long `slow` is. */
  slowMs: number;
  close(): Promise<void>;
}

/** A server on a port of its own that passes requests on, or does not. */
export async function startLine(upstream: string): Promise<Line> {
  const faults: Fault[] = [];
  const seen: Seen[] = [];
  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = faults.shift() ?? "none";
    const { method = "GET", url = "/" } = request;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    seen.push({ method, path: url, headers, fault });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (fault === "lost") return void request.socket.destroy();
    if (fault === "busy") {
      response.writeHead(503, { "retry-after": "0", "content-type": "application/problem+json" });
      const problem = {
        type: "x",
        title: "Busy",
        status: 503,
        code: "overloaded",
        detail: "Later.",
        instance: "1",
      };
      return void response.end(JSON.stringify(problem));
    }
    const { host: _, connection: __, "content-length": ___, "transfer-encoding": ____, ...passed } = headers;
    const body = Buffer.concat(chunks);
    const forward = () =>
      fetch(upstream + url, { method, headers: passed, ...(body.length > 0 ? { body } : {}) });
    const [answer] = await Promise.all(fault === "twice" ? [forward(), forward()] : [forward()]);
    const bytes = Buffer.from(await answer!.arrayBuffer());
    if (fault === "slow") await new Promise((resolve) => setTimeout(resolve, line.slowMs));
    if (fault === "unanswered") return void request.socket.destroy();
    if (fault === "gateway") {
      response.writeHead(502, { "content-type": "text/html" });
      return void response.end("<h1>Bad gateway</h1>");
    }
    const {
      "content-encoding": ____e,
      "transfer-encoding": ____t,
      connection: ____c,
      ...kept
    } = Object.fromEntries(answer!.headers);
    response.writeHead(answer!.status, { ...kept, "content-length": String(bytes.length) });
    if (fault !== "torn") return void response.end(bytes);
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)));
    setTimeout(() => request.socket.destroy(), 5);
  }

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const line: Line = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    slowMs: 300,
    plan: (...planned) => void faults.splice(0, faults.length, ...planned),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return line;
}
