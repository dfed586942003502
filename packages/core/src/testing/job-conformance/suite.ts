import type { Context, Identity } from "../../context/context.js";
import type { JobEngineFactory } from "../../jobs/job-engine.js";
import { type CrmOptions, createCrm } from "../../kernel/create-crm.js";
import type { AnyPlugin } from "../../plugin/plugin.js";
import type { StorageAdapter } from "../../storage/adapter.js";
import { seededRandom } from "../../util/random-bytes.js";
import { parseInstantMs } from "../../util/values.js";
import type { TestRunner } from "../storage-conformance/index.js";
import { type App, jobApp, newProgram, type Program } from "./app.js";

/** An engine over an empty database. */
export interface OpenedJobs {
  /** Adapters on one database, not opened yet: one for each process that the test plays. */
  readonly storage: () => StorageAdapter;
  /** False where all share one connection, so that nothing else happens while a transaction is open. */
  readonly isShared: boolean;
  /** Default: the one in the database. */
  readonly engine?: JobEngineFactory;
  dispose(): Promise<void>;
}

export interface JobConformanceOptions {
  readonly name: string;
  readonly runner: Pick<TestRunner, "describe" | "test">;
  open(): Promise<OpenedJobs>;
}

/** Time as a test makes it pass. */
export interface TestTime {
  now(): number;
  elapsed(): number;
  /** Time passes. */
  advance(ms: number): void;
  /** Somebody sets the clock: no time passes. */
  jump(ms: number): void;
}

export interface Bench extends ReturnType<typeof jobApp> {
  readonly crm: App;
  readonly time: TestTime;
  readonly program: Program;
  readonly isShared: boolean;
  /** A session of an administrator. */
  me(tenant?: string): Context;
  /** Another process on the same database, with the same program. */
  another(options?: Partial<CrmOptions<AnyPlugin[]>>): Promise<App>;
}

export type Check = (name: string, body: (bench: Bench) => Promise<void>) => void;

/** Milliseconds for one test. */
const PATIENCE = 60_000;
const USER = "00000000-0000-7000-8000-000000000001";
const START = "2026-01-05T09:00:00Z";

/** Runs every test on a database of its own. */
export function checksOf({ runner, open }: JobConformanceOptions): Check {
  return (name, body) =>
    runner.test(
      name,
      async () => {
        const opened = await open();
        const apps: App[] = [];
        try {
          const time = testTime();
          const program = newProgram();
          const app = jobApp(program);
          const start = async (options: Partial<CrmOptions<AnyPlugin[]>> = {}): Promise<App> => {
            const crm = await createCrm<AnyPlugin[]>({
              storage: opened.storage(),
              plugins: [app.plugin],
              secret: "a secret of tests, forty characters long",
              clock: time,
              random: seededRandom(apps.length + 1),
              ...(opened.engine ? { jobs: { engine: opened.engine } } : {}),
              onError: () => {},
              ...options,
            });
            apps.push(crm);
            return crm;
          };
          const crm = await start();
          const me = (tenant = "test") => crm.as(admin(tenant));
          await body({ ...app, crm, time, program, isShared: opened.isShared, me, another: start });
        } finally {
          for (const crm of apps) await crm.stop();
          await opened.dispose();
        }
      },
      PATIENCE,
    );
}

export const admin = (tenant: string): Identity => ({
  actor: { kind: "user", id: USER },
  tenant,
  roles: ["admin"],
});

function testTime(): TestTime {
  let now = parseInstantMs(START);
  let elapsed = 0;
  return {
    now: () => now,
    elapsed: () => elapsed,
    advance(ms) {
      now += ms;
      elapsed += ms;
    },
    jump(ms) {
      now += ms;
    },
  };
}

export const labelled = (count: number, prefix = "n"): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${String(i).padStart(3, "0")}`);
