import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { SeededFiles } from "./contenders/sqlite.js";
import type { Sample } from "./measure/interleave.js";
import { type Spread, spreadOf } from "./measure/statistics.js";

export interface ColdStart {
  readonly samples: readonly Sample[];
  /** Resident megabytes after the first answer, by contender. */
  readonly memory: Readonly<Record<string, Spread>>;
}

const names = ["raw", "knex", "corm"] as const;

/** Starts a process for each contender in turn: from nothing to the first answer out of a filled database. */
export function coldStart(files: SeededFiles, rounds: number): ColdStart {
  const [id] = files.seeded.contacts as [string];
  const starts = names.map((name) => ({
    name,
    program: join(import.meta.dirname, `cold-${name}.js`),
    path: files.copy(`cold-${name}`),
    perSecond: [] as number[],
    perCpuSecond: [] as number[],
    memory: [] as number[],
  }));
  for (let round = -1; round < rounds; round += 1) {
    for (const start of starts) {
      const begin = performance.now();
      const run = spawnSync(process.execPath, [start.program, start.path, id], { encoding: "utf8" });
      const elapsed = performance.now() - begin;
      if (run.status !== 0) throw new Error(`The ${start.name} process failed:\n${run.stderr}`);
      // The first round fills the caches of the operating system.
      if (round < 0) continue;
      const { memory, cpu } = JSON.parse(run.stdout) as { memory: number; cpu: number };
      start.perSecond.push(1000 / elapsed);
      start.perCpuSecond.push(1e6 / cpu);
      start.memory.push(memory / 2 ** 20);
    }
  }
  return {
    samples: starts,
    memory: Object.fromEntries(starts.map(({ name, memory }) => [name, spreadOf(memory)])),
  };
}
