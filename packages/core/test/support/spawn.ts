import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { bundleOf } from "./bundle.js";

/** A process that runs a TypeScript file of the tests. */
export interface Script {
  /** The next line it prints; undefined when it has ended. */
  line(): Promise<string | undefined>;
  /** Kill -9: nothing of it runs any more. */
  kill(): Promise<void>;
  /** Asks it to end. */
  terminate(): void;
  /** Stands still for so many milliseconds, and goes on. */
  pause(ms: number): Promise<void>;
  ended(): Promise<{ code: number | null; errors: string }>;
}

export function spawnScript(script: URL, argument: string, env: Record<string, string> = {}): Script {
  const child = spawn(process.execPath, [bundleOf(script), argument], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    line: async () => (await lines.next()).value as string | undefined,
    kill: async () => {
      child.kill("SIGKILL");
      await exit;
    },
    terminate: () => {
      child.kill("SIGTERM");
    },
    pause: async (ms) => {
      child.kill("SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, ms));
      child.kill("SIGCONT");
    },
    ended: async () => ({ code: await exit, errors }),
  };
}
