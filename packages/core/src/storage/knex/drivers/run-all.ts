import { setImmediate as tick } from "node:timers/promises";
import type { Abortable } from "../../../util/abortable.js";
import type { Call } from "../statement.js";

/** Statements that run one after another without a break. */
const atOnce = 2_000;

/**
 * Runs statements of an engine inside the process, and lets others have the event loop now and then. A statement cannot
 * be stopped, but a long row of them can.
 */
export async function runAll(
  calls: readonly Call[],
  run: (call: Call) => number,
  signal: Abortable | undefined,
): Promise<number[]> {
  const counts: number[] = [];
  for (const call of calls) {
    counts.push(run(call));
    if (counts.length % atOnce !== 0) continue;
    await tick();
    signal?.throwIfAborted();
  }
  return counts;
}
