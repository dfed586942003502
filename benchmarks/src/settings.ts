import { parseArgs } from "node:util";

/** What one run of the benchmark does; from the environment and the command line. */
export interface Settings {
  readonly quick: boolean;
  /** Contacts; accounts and opportunities are a fifth and a half of it. */
  readonly rows: number;
  /** Rounds of one scenario: in each, every contender has one slice. */
  readonly rounds: number;
  /** Milliseconds of one slice. */
  readonly slice: number;
  /** Names of scenarios must contain this. */
  readonly only: string;
  readonly out: string | undefined;
  /** A PostgreSQL database of its own; without one, only SQLite is measured. */
  readonly postgres: string | undefined;
  /** With both, what BullMQ hands out is measured. */
  readonly redis: string | undefined;
}

export function readSettings(args: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { out: { type: "string" } },
    allowPositionals: true,
  });
  const quick = env["BENCH_QUICK"] === "1";
  const url = env["DATABASE_URL"];
  return {
    quick,
    rows: whole(env["BENCH_ROWS"], quick ? 1_000 : 20_000),
    rounds: whole(env["BENCH_ROUNDS"], quick ? 5 : 40),
    slice: quick ? 4 : 20,
    only: positionals[0] ?? "",
    out: values.out,
    redis: env["REDIS_URL"],
    postgres: url?.startsWith("postgres") ? url : undefined,
  };
}

function whole(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`"${text}" is not a whole number above 0.`);
  return value;
}
