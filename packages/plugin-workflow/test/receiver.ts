import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** A system on this machine that hears of things. */
export interface Receiver {
  readonly url: string;
  /** For `net.allow`. */
  readonly host: string;
  readonly received: Received[];
  /** What it answers next, from then on; a number, or all of it. */
  answer: (request: Received) => {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  };
  close(): Promise<void>;
}

export async function receiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const one = {
        path: request.url ?? "",
        headers: request.headers as Received["headers"],
        body: Buffer.concat(chunks).toString("utf8"),
      };
      received.push(one);
      const { status, headers = {}, body = "" } = self.answer(one);
      response.writeHead(status, headers);
      response.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self: Receiver = {
    url: `http://${host}/hook`,
    host,
    received,
    answer: () => ({ status: 204 }),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return self;
}
