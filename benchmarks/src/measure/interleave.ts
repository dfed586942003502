import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** One contender's way of doing what is measured. `index` counts its executions. */
export interface Task {
  readonly name: string;
  readonly run: (index: number) => unknown;
  /** Microseconds of processor time that the contender has used, where it is a process of its own. */
  readonly cpu?: () => Promise<number>;
}

export interface Sample {
  readonly name: string;
  /** Operations per second, one figure a round. */
  readonly perSecond: readonly number[];
  /** The same by the processor time that the contender used: other programs on the machine do not count. */
  readonly perCpuSecond: readonly number[];
}

export interface Rounds {
  readonly rounds: number;
  /** Milliseconds of one slice. */
  readonly slice: number;
  /** Everyone executes the same number of operations, so that tables grow alike; the fastest fills the slice. */
  readonly alike: boolean;
}

/** Calls before anything counts, and the milliseconds that they may take. */
const WARM_CALLS = 5_000;
const WARM_MS = 2_000;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options: { type: "minor" }) => void;

/** A task with where it stands. */
class Runner {
  readonly perSecond: number[] = [];
  readonly perCpuSecond: number[] = [];
  size = 1;
  private done = 0;

  constructor(private readonly task: Task) {}

  get name(): string {
    return this.task.name;
  }

  private async cpu(): Promise<number> {
    if (this.task.cpu) return this.task.cpu();
    const { user, system } = process.cpuUsage();
    return user + system;
  }

  /** Runs one slice, and answers how many milliseconds it took. */
  async slice(keep: boolean): Promise<number> {
    const { size, task } = this;
    const end = this.done + size;
    // Young garbage of the one before is not this one's to clean up.
    collect({ type: "minor" });
    const used = await this.cpu();
    const start = performance.now();
    for (let index = this.done; index < end; index += 1) await task.run(index);
    const elapsed = performance.now() - start;
    this.done = end;
    if (keep) {
      this.perSecond.push((size / elapsed) * 1000);
      this.perCpuSecond.push((size / ((await this.cpu()) - used)) * 1e6);
    }
    return elapsed;
  }
}

/**
 * Measures the contenders by turns, in many short slices: what slows the machine down for a while slows all of
 * them down.
 */
export async function interleave(tasks: readonly Task[], options: Rounds): Promise<readonly Sample[]> {
  const { rounds, slice, alike } = options;
  const runners = tasks.map((task) => new Runner(task));
  const round = async (keep: boolean, turn: number): Promise<number[]> => {
    const elapsed: number[] = [];
    for (let k = 0; k < runners.length; k += 1) {
      const at = (k + turn) % runners.length;
      elapsed[at] = await (runners[at] as Runner).slice(keep);
    }
    return elapsed;
  };

  let size = 1;
  let elapsed = await round(false, 0);
  while (Math.min(...elapsed) < slice / 2) {
    size *= 2;
    for (const runner of runners) runner.size = size;
    elapsed = await round(false, 0);
  }
  runners.forEach((runner, at) => {
    const own = alike ? Math.min(...elapsed) : (elapsed[at] as number);
    runner.size = Math.max(1, Math.round((size * slice) / own));
  });
  // Until the code of all of them has been compiled, which takes calls and not time.
  const fewest = Math.min(...runners.map((runner) => runner.size));
  const most = performance.now() + WARM_MS * runners.length;
  for (
    let warm = 0;
    warm < Math.max(2, rounds / 8) || (warm * fewest < WARM_CALLS && performance.now() < most);
    warm += 1
  )
    await round(false, warm);
  for (let turn = 0; turn < rounds; turn += 1) await round(true, turn);
  return runners;
}
