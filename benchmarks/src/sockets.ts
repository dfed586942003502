import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { join } from "node:path";
import type { Data } from "./app/data.js";
import { headers } from "./app/identity.js";
import type { SeededFiles } from "./contenders/sqlite.js";
import { firstPage } from "./http.js";
import type { Task } from "./measure/interleave.js";
import type { Scenario } from "./scenarios.js";

/** Requests that are under way at once. */
const parallel = 16;
const names = ["raw", "knex", "corm"] as const;

/** Requests over sockets to servers in processes of their own, on `@hono/node-server`. */
export async function socketScenarios(
  files: SeededFiles,
  data: Data,
): Promise<{ scenarios: Scenario[]; stop: () => Promise<void> }> {
  const servers = await Promise.all(names.map((name) => Server.start(name, files.copy(`socket-${name}`))));
  const ids = Array.from({ length: 4_096 }, () => data.pick(files.seeded.contacts));
  const inputs = Array.from({ length: 4_096 }, () => JSON.stringify(data.contact(files.seeded.accounts)));
  const scenario = (
    name: string,
    ask: (server: Server, index: number) => Promise<unknown>,
    grows?: true,
  ): Scenario => ({
    name,
    unit: { name: "requests/s", count: parallel },
    ...(grows ? { grows } : {}),
    tasks: async () =>
      servers.map(
        (server): Task => ({
          name: server.name,
          cpu: () => server.cpu(),
          run: (index) =>
            Promise.all(Array.from({ length: parallel }, (_, at) => ask(server, index * parallel + at))),
        }),
      ),
  });
  return {
    scenarios: [
      scenario("GET one", (server, index) => server.ask("GET", `/api/contacts/${ids[index % ids.length]}`)),
      scenario("GET list of 50", (server) => server.ask("GET", firstPage)),
      scenario(
        "POST",
        (server, index) => server.ask("POST", "/api/contacts", inputs[index % inputs.length]),
        true,
      ),
    ],
    stop: async () => {
      for (const server of servers) await server.stop();
    },
  };
}

class Server {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: parallel });

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(name: string, path: string): Promise<Server> {
    const child = fork(join(import.meta.dirname, "http-server.js"), [name, path]);
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new Server(name, child, port);
  }

  async cpu(): Promise<number> {
    const answer = once(this.child, "message") as Promise<[{ cpu: number }]>;
    this.child.send("cpu");
    return (await answer)[0].cpu;
  }

  /** Reads the answer to its end, and looks at no more of it than its status. */
  ask(method: string, path: string, body?: string): Promise<void> {
    const { agent, port } = this;
    return new Promise((resolve, reject) => {
      const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
      const options = { agent, port, host: "127.0.0.1", method, path, headers: { ...headers, ...length } };
      const sent = request(options, (response) => {
        const { statusCode = 0 } = response;
        response.resume();
        response.on("end", () =>
          statusCode < 300 ? resolve() : reject(new Error(`${this.name}: ${path}: ${statusCode}`)),
        );
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    const ended = once(this.child, "exit");
    this.child.disconnect();
    await ended;
  }
}
