import { type Context, type JobHandle, toInstant } from "@corm/core";
import type { Active } from "../automations/active.js";
import type { Principal } from "../automations/definition.js";
import type { Trigger } from "../automations/trigger.js";
import { type WorkflowRun, type WorkflowRunInput, workflowRun } from "../entities/workflow-run.js";
import { type CauseOfRun, circleOf, MAX_PATH, wordsOfPath } from "./causes.js";
import { startTimes } from "./limits.js";
import { versionOf } from "./version-of.js";

export interface AdvanceInput {
  readonly runId: string;
  /** Of the run when it was made: one of an earlier wait does nothing. */
  readonly round: number;
  /** It is the time that it waited for. */
  readonly timed?: boolean;
}
export const ADVANCE: JobHandle<AdvanceInput> = { name: "workflow.advance" };

/** One run that is to be. */
export interface NewRun {
  /** What it runs for; null for none. */
  readonly record: { readonly entity: string; readonly id: string } | null;
  /** One run of the automation for each. */
  readonly triggerKey: string;
  /** What steps find under `trigger`. */
  readonly given: Readonly<Record<string, unknown>>;
  /** The runs that it came of. */
  readonly path: readonly CauseOfRun[];
  /** Its condition could not be looked at: why. The run is failed then, and can be tried again. */
  readonly error?: string;
  /** Its condition is looked at with its first step. */
  readonly unchecked?: boolean;
}

/**
 * Makes runs of one automation, in a transaction; those that are there already, or would go round in a circle, make none.
 *
 * @returns the runs that were made, with those that were cut
 */
export async function startRuns(
  books: Context,
  active: Active,
  wanted: readonly NewRun[],
): Promise<WorkflowRun[]> {
  const { definition, principal, maxAttempts } = active;
  const fresh = await withoutKnown(books, definition.key, wanted);
  if (fresh.length === 0) return [];
  const versionId = await versionOf(books, definition);
  const begin = fresh.filter(
    ({ error, record, path }) => error === undefined && circle(definition.key, record, path) === null,
  );
  const times = await startTimes(books, begin.length);
  const now = books.now();
  let next = 0;
  const inputs = fresh.map((one): WorkflowRunInput & { readonly id?: string } => {
    const { record, triggerKey, given, error } = one;
    const cut = circle(definition.key, record, one.path);
    const common = {
      automationKey: definition.key,
      versionId,
      ...principalFields(principal),
      ...(record ? { target: record.entity, recordId: record.id } : {}),
      trigger: (definition.trigger as Trigger).on,
      triggerKey,
      frames: [{ block: "/steps", at: 0 }],
      vars: { trigger: given, steps: {} },
      path: one.path as CauseOfRun[],
      unchecked: one.unchecked ?? false,
      maxAttempts,
      queuedAt: now,
    };
    if (cut !== null) return { ...common, state: "cut", vars: null, error: cut, finishedAt: now };
    if (error !== undefined) return { ...common, state: "failed", error, finishedAt: now };
    const wakeAt = times[next++] as string;
    return { ...common, ...(wakeAt > now ? { wakeAt } : {}) };
  });
  const made = (await books.repo(workflowRun).createMany(inputs)) as WorkflowRun[];
  const going = made.filter(({ state }) => state === "queued");
  await books.jobs.enqueueMany(
    ADVANCE,
    going.map(({ id, wakeAt }) => ({
      input: { runId: id, round: 0 },
      ...(wakeAt === null ? {} : { runAt: wakeAt }),
    })),
  );
  return made;
}

const principalFields = (principal: Principal) =>
  "roles" in principal ? { principalRoles: [...principal.roles] } : { principalId: principal.userId };

function circle(key: string, record: NewRun["record"], path: readonly CauseOfRun[]): string | null {
  if (path.length >= MAX_PATH) return `it is the end of a chain of ${path.length} runs: ${wordsOfPath(path)}`;
  const found = circleOf(path, key, record?.id ?? null);
  return (
    found &&
    `it would go round in a circle: ${wordsOfPath([...found, { automation: key, record: record?.id ?? null, run: "" }])}`
  );
}

/** What came twice makes one run: a second look at the same entry, the same message. */
async function withoutKnown(books: Context, key: string, wanted: readonly NewRun[]): Promise<NewRun[]> {
  const unique = new Map(wanted.map((one) => [one.triggerKey, one]));
  if (unique.size === 0) return [];
  const { items } = await books.repo(workflowRun).find({
    where: { automationKey: key, triggerKey: { in: [...unique.keys()] } },
    select: ["id", "triggerKey"],
    limit: unique.size,
  });
  for (const { triggerKey } of items) unique.delete(triggerKey);
  return [...unique.values()];
}

export const nowPlus = (ctx: Context, ms: number): string => toInstant(ctx.clock.now() + ms);
