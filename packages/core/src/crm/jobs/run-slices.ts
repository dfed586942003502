import type { Context } from "../../context/context.js";
import { VersionConflict } from "../../errors/core-errors.js";
import type { JobRun } from "../../jobs/define-job.js";
import type { Session } from "../../runtime/session.js";

/** Slices of one job; another one goes on after it. */
const SLICES = 2_000;

/**
 * Does something long in a job, slice by slice. Each slice commits what it has done together with how far it has come, and
 * only if nobody else has gone on meanwhile: whoever is killed is followed by another who begins behind the last slice.
 *
 * @param step does the next slice, and tells whether it was the last one
 * @param again makes the job that goes on
 */
export async function runSlices(
  ctx: Context,
  job: JobRun,
  step: (session: Session) => Promise<boolean>,
  again: (tx: Context) => Promise<unknown>,
): Promise<void> {
  const session = ctx as Session;
  for (let slice = 0; slice < SLICES; slice++) {
    session.signal?.throwIfAborted();
    try {
      if (await step(session)) return;
    } catch (error) {
      // Cancelled, or taken on by another worker: what is there says how to go on.
      if (!VersionConflict.is(error)) throw error;
    }
  }
  await session.atomically(async (tx) => {
    await again(tx);
    await job.complete(tx);
  });
}
