import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ClusterSettings } from "./app.js";
import { type RunningProxy, startProxy } from "./proxy.js";

export interface Member {
  readonly kind: "api" | "worker";
  readonly pid: number;
}

export interface Cluster {
  /** Where requests go. */
  readonly url: string;
  readonly counts: RunningProxy["counts"];
  members(): readonly Member[];
  /** Kill -9. Another one starts in its place. */
  kill(kind: Member["kind"]): Promise<number>;
  /** Ends one after another, each once a new one is ready: nobody notices. */
  roll(): Promise<void>;
  stop(): Promise<void>;
}

interface Running extends Member {
  readonly child: ChildProcess;
  /** Of one that serves. */
  readonly port: number | undefined;
}

/** Two processes that serve and two that work, or as many as are asked for, behind a proxy. Who dies is replaced. */
export async function startCluster(
  settings: ClusterSettings,
  { apis = 2, workers = 2 }: { readonly apis?: number; readonly workers?: number } = {},
): Promise<Cluster> {
  const proxy = await startProxy();
  const running = new Map<number, Running>();
  const starting = new Set<Promise<unknown>>();
  let isStopping = false;

  const serve = (): void =>
    proxy.backends([...running.values()].flatMap(({ port }) => (port === undefined ? [] : [port])));

  async function start(kind: Member["kind"]): Promise<Running> {
    const script = fileURLToPath(new URL(`${kind}.ts`, import.meta.url));
    const child = spawn(process.execPath, ["--conditions=@corm/source", "--import", "tsx", script], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, CLUSTER: JSON.stringify(settings) },
    });
    const first = (await createInterface({ input: child.stdout })[Symbol.asyncIterator]().next()).value;
    if (first === undefined) throw new Error(`A process that was to be ${kind} ended at its start`);
    const member = {
      kind,
      pid: child.pid as number,
      child,
      port: kind === "api" ? Number(first) : undefined,
    };
    running.set(member.pid, member);
    serve();
    child.once("exit", () => {
      const isMissed = running.delete(member.pid);
      serve();
      if (isMissed && !isStopping) replace(kind);
    });
    return member;
  }

  function replace(kind: Member["kind"]): void {
    const started: Promise<unknown> = start(kind)
      .catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
      .finally(() => starting.delete(started));
    starting.add(started);
  }

  /** Takes no more requests, and ends once what is under way is done. */
  async function end({ pid, child }: Running): Promise<void> {
    running.delete(pid);
    serve();
    const exit = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await exit;
  }

  // The first one makes the tables.
  await start("api");
  await Promise.all([
    ...Array.from({ length: apis - 1 }, () => start("api")),
    ...Array.from({ length: workers }, () => start("worker")),
  ]);
  return {
    url: proxy.url,
    counts: proxy.counts,
    members: () => [...running.values()],
    async kill(kind) {
      const victim = [...running.values()].find((member) => member.kind === kind);
      if (!victim) throw new Error(`No process is ${kind}`);
      const exit = new Promise((resolve) => victim.child.once("exit", resolve));
      victim.child.kill("SIGKILL");
      await exit;
      return victim.pid;
    },
    async roll() {
      for (const old of [...running.values()]) {
        await start(old.kind);
        await end(old);
      }
    },
    async stop() {
      isStopping = true;
      await Promise.all(starting);
      await Promise.all([...running.values()].map(end));
      await proxy.stop();
    },
  };
}
