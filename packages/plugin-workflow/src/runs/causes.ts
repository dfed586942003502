import type { Context, JournalEntry, Static } from "@corm/core";
import { type causeOfRun, workflowRun } from "../entities/workflow-run.js";

export type CauseOfRun = Static<typeof causeOfRun>;

/** Runs that may follow from one another. */
export const MAX_PATH = 10;

const MARK = "run:";
/** By it the journal tells that something was written by a run. */
export const causeName = (runId: string): string => `${MARK}${runId}`;

/** The run that wrote an entry, or whose jobs did: the innermost one. */
export function runBehind({ cause }: Pick<JournalEntry, "cause">): string | null {
  const found = cause.findLast((name) => name.startsWith(MARK));
  return found === undefined ? null : found.slice(MARK.length);
}

/** For each entry the runs that led to it, the first one first. One read. */
export async function pathsTo(
  books: Context,
  entries: readonly Pick<JournalEntry, "id" | "cause">[],
): Promise<Map<string, readonly CauseOfRun[]>> {
  const behind = new Map(entries.map((entry) => [entry.id, runBehind(entry)]));
  const ids = [...new Set([...behind.values()].filter((id) => id !== null))];
  const paths = new Map<string, readonly CauseOfRun[]>();
  if (ids.length > 0) {
    const { items } = await books.repo(workflowRun).find({
      where: { id: { in: ids } },
      select: ["id", "automationKey", "recordId", "path"],
      limit: ids.length,
    });
    for (const { id, automationKey, recordId, path } of items)
      paths.set(id, [...path, { automation: automationKey, record: recordId, run: id }]);
  }
  return new Map(
    [...behind].map(([entry, run]) => [entry, (run === null ? undefined : paths.get(run)) ?? []]),
  );
}

/** The part of a path from where the automation ran for this record before; null where it did not. Pure. */
export function circleOf(
  path: readonly CauseOfRun[],
  automation: string,
  record: string | null,
): readonly CauseOfRun[] | null {
  const at = path.findIndex((one) => one.automation === automation && one.record === record);
  return at === -1 ? null : path.slice(at);
}

export const wordsOfPath = (path: readonly CauseOfRun[]): string =>
  path
    .map(({ automation, record }) => (record === null ? automation : `${automation} (${record})`))
    .join(" → ");
