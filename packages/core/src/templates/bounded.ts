import { createContext, Script } from "node:vm";

/** Longer than this no template holds up the process that renders it. */
const MOST_MS = 40;
/** A busy machine may give a process so little of its time that it is told off for nothing. */
const MOST_TRIES = 10;

const script = new Script("work()");
const holder: { work?: () => unknown } = {};
const context = createContext(holder);

/**
 * Runs work that a template asks for, and breaks it off wherever it is: Liquid counts what it does between its tags, and
 * not within a filter.
 *
 * @throws RangeError "render limit exceeded" after 40 ms of processor time
 */
export function bounded<T>(work: () => T): T {
  for (let tries = 1; ; tries += 1) {
    const before = process.cpuUsage();
    holder.work = work;
    try {
      return script.runInContext(context, { timeout: MOST_MS }) as T;
    } catch (error) {
      if ((error as { code?: unknown }).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      const { user, system } = process.cpuUsage(before);
      if ((user + system) / 1000 >= MOST_MS / 2 || tries === MOST_TRIES)
        throw new RangeError(`render limit exceeded: it takes more than ${MOST_MS} ms`, { cause: error });
    } finally {
      delete holder.work;
    }
  }
}
