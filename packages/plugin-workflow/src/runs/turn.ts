import type { Context, EnqueueOptions, JobHandle } from "@corm/core";
import {
  type WorkflowRun,
  type WorkflowStepInput,
  type WorkflowWaitInput,
  workflowRun,
  workflowStep,
  workflowWait,
} from "../entities/workflow-run.js";
import { type BegunWait, wakeForEarlier, wakeForMissed } from "./missed.js";

export interface StepNote {
  readonly kind: string;
  readonly state: "waiting" | "started" | "done" | "failed" | "uncertain";
  readonly attempts?: number;
  readonly error?: string | null;
}

interface WantedJob {
  readonly handle: JobHandle<never>;
  readonly many: EnqueueOptions & { readonly input: unknown };
}

/** What becomes of a run in one transaction. It is written once, at the end: a run of three steps is not written thrice. */
export interface Turn {
  /** As it is by now. */
  run: WorkflowRun;
  /** It had taken or tried a step before this. */
  readonly begun: boolean;
  patch: Partial<WorkflowRun>;
  readonly notes: Map<string, StepNote>;
  /** What it waits for from now on; null for nothing; undefined where that stays as it is. */
  wait: WorkflowWaitInput | null | undefined;
  /** Where in the journal what `wait` begins to wait for may already be. */
  hearsFrom: number | null;
  readonly jobs: WantedJob[];
}

export const turnOf = (run: WorkflowRun): Turn => ({
  run,
  begun: run.startedAt !== null,
  patch: {},
  notes: new Map(),
  wait: undefined,
  hearsFrom: null,
  jobs: [],
});

export function change(turn: Turn, patch: Partial<WorkflowRun>): void {
  turn.patch = { ...turn.patch, ...patch };
  turn.run = { ...turn.run, ...patch };
}

/** A copy to go back to, where what was begun is not kept. */
export const copyOf = ({ run, begun, patch, notes, wait, hearsFrom, jobs }: Turn): Turn => ({
  ...{ run, begun, patch, wait, hearsFrom },
  notes: new Map(notes),
  jobs: [...jobs],
});

export function enqueueWith<Input>(
  turn: Turn,
  handle: JobHandle<Input>,
  input: Input,
  options: EnqueueOptions = {},
): void {
  turn.jobs.push({ handle: handle as JobHandle<never>, many: { ...options, input } });
}

/**
 * Writes what became of runs, in the transaction of `books`: as many statements for fifty of them as for one.
 *
 * @param since from `readSoFar`, for turns that may begin to wait
 * @throws version-conflict where somebody else has moved one of them on
 */
export async function writeTurns(books: Context, turns: readonly Turn[], since?: number): Promise<void> {
  await writeNotes(books, turns);
  await writeWaits(books, turns);
  const changed = turns.filter(({ patch }) => Object.keys(patch).length > 0);
  if (changed.length > 0)
    await books
      .repo(workflowRun)
      .updateMany(changed.map(({ run: { id, version }, patch }) => ({ id, version, patch: patch as never })));
  const jobs = turns.flatMap((turn) => turn.jobs);
  for (const handle of new Set(jobs.map((job) => job.handle))) {
    const own = jobs.filter((job) => job.handle === handle);
    await books.jobs.enqueueMany(handle, own.map(({ many }) => many) as never);
  }
  const waits = turns.flatMap(({ wait, hearsFrom }): BegunWait[] => (wait ? [{ ...wait, hearsFrom }] : []));
  if (since !== undefined) {
    const deaf = await wakeForEarlier(books, waits, since);
    // Last: it holds up the reader of the journal until the commit.
    await wakeForMissed(books, deaf, since);
  }
  for (const turn of turns) Object.assign(turn, turnOf(turn.run));
}

/** One row for each step: made when it begins, changed when it ends. */
async function writeNotes(books: Context, turns: readonly Turn[]): Promise<void> {
  const noted = turns.flatMap(({ run, begun, notes }) =>
    [...notes].map(([key, note]) => ({ place: `${run.id}/${key}`, runId: run.id, begun, key, note })),
  );
  if (noted.length === 0) return;
  const steps = books.repo(workflowStep);
  const known = new Map<string, string>();
  // A run that has just begun has none yet.
  const asked = noted.filter(({ begun }) => begun);
  const where = {
    runId: { in: [...new Set(asked.map(({ runId }) => runId))] },
    key: { in: [...new Set(asked.map(({ key }) => key))] },
  };
  if (asked.length > 0)
    for await (const { id, runId, key } of steps.stream({
      where,
      select: ["id", "runId", "key"],
      limit: 500,
    }))
      known.set(`${runId}/${key}`, id);
  const now = books.now();
  const fresh = noted.filter(({ place }) => !known.has(place));
  await steps.createMany(
    fresh.map(
      ({ runId, key, note }): WorkflowStepInput => ({ runId, key, startedAt: now, ...endOf(note, now) }),
    ),
  );
  const again = noted.filter(({ place }) => known.has(place));
  await steps.updateMany(
    again.map(({ place, note: { kind: _, ...note } }) => {
      const error = isOver(note.state) ? { error: null } : {};
      return { id: known.get(place) as string, patch: { ...endOf(note, now), ...error } };
    }),
  );
}

const isOver = (state: StepNote["state"]): boolean => state === "done" || state === "uncertain";

const endOf = <N extends { readonly state: StepNote["state"] }>(note: N, now: string) => ({
  ...note,
  ...(isOver(note.state) ? { finishedAt: now } : {}),
});

async function writeWaits(books: Context, turns: readonly Turn[]): Promise<void> {
  const waits = books.repo(workflowWait);
  const begun = turns.flatMap(({ wait }) => wait ?? []);
  if (begun.length > 0) await waits.upsertMany(begun, ["runId"]);
  const over = turns.filter(({ wait }) => wait === null).map(({ run }) => run.id);
  if (over.length === 0) return;
  const { items } = await waits.find({
    where: { runId: { in: over } },
    select: ["id"],
    limit: over.length,
  });
  if (items.length > 0) await waits.purgeMany(items.map(({ id }) => id));
}
