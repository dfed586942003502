import type { Abortable } from "./abortable.js";
/**
 * What `work` comes to; where it does not end within `grace` milliseconds after the signal has aborted, the reason of
 * the signal.
 *
 * @param late hears of a failure of work that nobody waits for any more
 */
export async function untilAborted<T>(
  work: Promise<T>,
  signal: Abortable,
  grace: number,
  late: (error: unknown) => void,
): Promise<T> {
  let patience: NodeJS.Timeout | undefined;
  let aborted = (): void => {};
  const given = new Promise<never>((_, reject) => {
    const giveUp = () => {
      work.catch((error: unknown) => {
        if (error !== signal.reason) late(error);
      });
      reject(signal.reason);
    };
    aborted = () => {
      patience = setTimeout(giveUp, grace);
    };
  });
  if (signal.aborted) aborted();
  else signal.addEventListener("abort", aborted, { once: true });
  try {
    return await Promise.race([work, given]);
  } finally {
    clearTimeout(patience);
    signal.removeEventListener("abort", aborted);
  }
}
