import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Crm } from "../kernel/crm.js";
import type { WorkerOptions } from "../queue/worker.js";
import type { Command, CommandCall } from "./command.js";

type Made = Pick<Crm, "worker" | "stop">;

/** A process that works: for an app whose other processes serve. */
export const workerCommand: Command = {
  name: "worker",
  summary: "Run the jobs, schedules and subscribers of an app until SIGTERM or SIGINT.",
  operand: {
    name: "module",
    meaning: "file that exports `crm`, or a function that makes it, by that name or by default",
  },
  options: {
    concurrency: "Jobs that run at once, 1 to 100. Default: 10.",
    "per-tenant": "Jobs of one tenant that run at once. Default: all of them.",
    queues: "Names of queues, with commas between. Default: those of all jobs of the app.",
  },
  async run({ operand = "", options }, output) {
    const crm = await crmOf(operand).catch((error: Error) => error);
    if (crm instanceof Error) {
      output.error(crm.message);
      return 2;
    }
    try {
      const worker = crm.worker(workerOptions(options));
      const ended = signalled();
      worker.start();
      output.out("working");
      await ended;
      return 0;
    } catch (error) {
      output.error((error as Error).message);
      return 2;
    } finally {
      await crm.stop();
    }
  },
};

function workerOptions(options: CommandCall["options"]): WorkerOptions {
  const { concurrency, queues } = options;
  const perTenant = options["per-tenant"];
  return {
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
    ...(perTenant === undefined ? {} : { perTenant: Number(perTenant) }),
    ...(queues === undefined ? {} : { queues: queues.split(",").map((name) => name.trim()) }),
  };
}

async function crmOf(path: string): Promise<Made> {
  const module = (await import(pathToFileURL(resolve(path)).href).catch((cause: Error) => {
    throw new Error(`"${path}" does not load: ${cause.message}`, { cause });
  })) as { readonly crm?: unknown; readonly default?: unknown };
  const given = module.crm ?? module.default;
  const crm = (await (typeof given === "function" ? given() : given)) as Partial<Made> | undefined;
  if (typeof crm?.worker !== "function" || typeof crm.stop !== "function")
    throw new Error(
      `"${path}" exports no crm: export const crm = await createCrm(…), or a function that answers it.`,
    );
  return crm as Made;
}

const signalled = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
