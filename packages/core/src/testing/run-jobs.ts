import type { Crm } from "../kernel/crm.js";
import type { JobEnd } from "../queue/worker.js";
import { type Elapsed, type FixedClock, fixedClock } from "../util/clock.js";
import { parseInstantMs } from "../util/values.js";

export interface RunJobsOptions {
  /** Lets so much time pass on the way: every job and schedule runs at its own instant. */
  readonly for?: Elapsed;
  /** The same, up to an instant. */
  readonly until?: string;
}

/**
 * Runs the jobs that are due, one after another, until none is; with `for` or `until` also all that come due by then, the
 * clock standing at the instant of each. Answers how each of them ended.
 *
 * @example
 * const { crm, clock, me } = await createTestCrm({ plugins });
 * await me.entities.lead.create({ lastName: "Lovelace" });
 * const ends = await runJobs({ crm, clock }, { for: { days: 30 } });
 */
export async function runJobs(
  { crm, clock }: { readonly crm: Pick<Crm, "worker">; readonly clock: FixedClock },
  options: RunJobsOptions = {},
): Promise<readonly JobEnd[]> {
  const worker = crm.worker({ concurrency: 1 });
  const until = endOf(clock, options);
  const ends: JobEnd[] = [...(await worker.run())];
  for (;;) {
    const next = await worker.nextAt();
    if (next === null || parseInstantMs(next) > until) break;
    clock.set(Math.max(parseInstantMs(next), clock.now()));
    ends.push(...(await worker.run()));
  }
  clock.set(Math.max(until, clock.now()));
  return ends;
}

function endOf(clock: FixedClock, { for: span, until }: RunJobsOptions): number {
  if (until !== undefined) return parseInstantMs(until);
  const end = fixedClock(clock.now());
  end.advance(span ?? {});
  return end.now();
}
