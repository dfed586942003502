import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Child {
  /** The next line it prints; undefined when it has ended. */
  line(): Promise<string | undefined>;
  /** As a power failure of the process would: nothing runs any more. */
  kill(): Promise<void>;
  /** What it printed after the lines that were taken, and its exit code. */
  ended(): Promise<{ code: number | null; errors: string }>;
}

/** Runs `child.ts` in a process of its own. */
export function startChild(task: string, url: string): Child {
  const script = join(import.meta.dirname, "child.ts");
  const process_ = spawn(
    process.execPath,
    ["--conditions=@corm/source", "--import", "tsx", script, task, url],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let errors = "";
  process_.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve) => process_.once("close", resolve));
  const lines = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => (await lines.next()).value as string | undefined,
    kill: async () => kill(process_, exit),
    ended: async () => ({ code: await exit, errors }),
  };
}

async function kill(child: ChildProcess, exit: Promise<unknown>): Promise<void> {
  child.kill("SIGKILL");
  await exit;
}
