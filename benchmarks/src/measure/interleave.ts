import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** One contender's way of doing what is measured. `index` counts the executions, the same for every contender. */
export interface Task {
  readonly name: string;
  readonly run: (index: number) => unknown;
}

export interface Sample {
  readonly name: string;
  /** Operations per second, one figure a round. */
  readonly perSecond: readonly number[];
  /** The same by the processor time that this process used: other programs on the machine do not count. */
  readonly perCpuSecond: readonly number[];
}

export interface Rounds {
  readonly rounds: number;
  /** Milliseconds of the slowest contender's slice. */
  readonly slice: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (options: { type: "minor" }) => void;

/**
 * Measures the contenders by turns, in many short slices: what slows the machine down for a while slows all of
 * them down. Everyone executes the same operations the same number of times, so that tables grow alike.
 */
export async function interleave(tasks: readonly Task[], { rounds, slice }: Rounds): Promise<Sample[]> {
  const samples = tasks.map(({ name }) => ({
    name,
    perSecond: [] as number[],
    perCpuSecond: [] as number[],
  }));
  let done = 0;
  const round = async (size: number, keep: boolean, turn: number): Promise<number> => {
    let slowest = 0;
    for (let k = 0; k < tasks.length; k += 1) {
      const at = (k + turn) % tasks.length;
      const task = tasks[at] as Task;
      // Young garbage of the one before is not this one's to clean up.
      collect({ type: "minor" });
      const used = process.cpuUsage();
      const start = performance.now();
      for (let index = done; index < done + size; index += 1) await task.run(index);
      const elapsed = performance.now() - start;
      slowest = Math.max(slowest, elapsed);
      const { user, system } = process.cpuUsage(used);
      if (keep) {
        samples[at]?.perSecond.push((size / elapsed) * 1000);
        samples[at]?.perCpuSecond.push((size / (user + system)) * 1e6);
      }
    }
    done += size;
    return slowest;
  };

  let size = 1;
  let slowest = await round(size, false, 0);
  while (slowest < slice / 2) {
    size *= 2;
    slowest = await round(size, false, 0);
  }
  size = Math.max(1, Math.round((size * slice) / slowest));
  for (let warm = 0; warm < Math.max(2, rounds / 8); warm += 1) await round(size, false, warm);
  for (let turn = 0; turn < rounds; turn += 1) await round(size, true, turn);
  return samples;
}
