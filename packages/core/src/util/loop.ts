import { setTimeout as sleep } from "node:timers/promises";

/** Work that is repeated in the background until it is stopped. */
export interface Loop {
  start(): void;
  /** Ends after the round at hand. */
  stop(): Promise<void>;
}

const SLOWEST = 60_000;

/**
 * @param round answers whether there may be more to do at once
 * @param interval milliseconds between rounds that found nothing
 */
export function loopOf(
  round: (signal: AbortSignal) => Promise<boolean>,
  interval: number,
  report: (error: unknown) => void,
): Loop {
  const ending = new AbortController();
  let running: Promise<void> | undefined;
  const work = async (): Promise<void> => {
    let failures = 0;
    while (!ending.signal.aborted) {
      let more = false;
      try {
        more = await round(ending.signal);
        failures = 0;
      } catch (error) {
        failures += 1;
        report(error);
      }
      const pause = Math.min(interval * 2 ** Math.min(failures, 16), Math.max(interval, SLOWEST));
      if (!more) await sleep(pause, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  return {
    start: () => {
      running ??= work();
    },
    stop: async () => {
      ending.abort();
      await running;
    },
  };
}
