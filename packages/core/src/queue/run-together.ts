import type { AnyJob } from "../jobs/define-job.js";
import { JobTimedOut } from "../jobs/errors.js";
import type { ClaimedJob } from "../jobs/job-engine.js";
import { systemActor } from "../runtime/system-actor.js";
import { untilAborted } from "../util/until-aborted.js";
import { principalOf } from "./principal.js";
import type { JobCrew } from "./run-job.js";
import { checkedInput } from "./session-jobs.js";

/** A job that is held, and what ends it from outside. */
export interface Held {
  readonly job: ClaimedJob;
  readonly ending: AbortController;
}

const GRACE_MS = 2000;

/** What was claimed at one moment, in groups that are done together; most jobs are one of their own. */
export function groupsOf(crew: JobCrew, jobs: readonly ClaimedJob[]): ClaimedJob[][] {
  const groups: ClaimedJob[][] = [];
  const open = new Map<string, ClaimedJob[]>();
  for (const job of jobs) {
    const together = crew.runtime.composition.jobs.get(job.name)?.value.together;
    const key = `${job.tenant}/${job.name}`;
    const group = together ? open.get(key) : undefined;
    if (together && group && group.length < together.limit) {
      group.push(job);
      continue;
    }
    const own = [job];
    groups.push(own);
    if (together) open.set(key, own);
  }
  return groups;
}

/**
 * Does jobs of one kind and tenant in one transaction with their completions.
 *
 * @returns false where nothing of it was kept, for whatever reason: each is to be run alone then, which tells the reason
 */
export async function runTogether(crew: JobCrew, held: readonly Held[]): Promise<boolean> {
  const [first] = held;
  const definition = first && crew.runtime.composition.jobs.get(first.job.name)?.value;
  if (!definition?.together) return false;
  const { timeout } = definition;
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(JobTimedOut({ job: definition.name, milliseconds: timeout })),
    timeout,
  );
  const signal = AbortSignal.any([late.signal, ...held.map(({ ending }) => ending.signal)]);
  try {
    signal.throwIfAborted();
    const jobs = held.map(({ job }) => job);
    await untilAborted(attempt(crew, definition, jobs, signal), signal, GRACE_MS, crew.runtime.report);
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function attempt(
  crew: JobCrew,
  definition: AnyJob,
  jobs: readonly ClaimedJob[],
  signal: AbortSignal,
): Promise<void> {
  const { runtime } = crew;
  const { tenant } = jobs[0] as ClaimedJob;
  const { name, together, capability } = definition;
  const members = await Promise.all(
    jobs.map(async (job) => ({
      input: checkedInput(definition, JSON.parse(job.input)),
      identity: {
        ...(await principalOf(runtime, crew.crm, definition, job)),
        ...{ requestId: job.requestId ?? job.id, signal },
      },
      chain: [...new Set([...job.cause, name])],
    })),
  );
  const actor = systemActor(runtime, { capability: capability as string, reason: `jobs ${name}` });
  await crew.session({ actor, tenant, signal }, [name]).atomically(async (tx) => {
    const own = members.map(({ input, identity, chain }) => ({
      input,
      ctx: crew.session(identity, chain, tx),
    }));
    await together?.run(tx, own);
    await runtime.jobs.completeAll(jobs, tx);
  });
}
