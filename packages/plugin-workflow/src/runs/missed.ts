import { type Context, cursorPosition, type EntrySubject, handledSince, lastEvent } from "@corm/core";
import type { WorkflowWaitInput } from "../entities/workflow-run.js";
import { ADVANCE, type AdvanceInput } from "./start-runs.js";

/** The reader of the journal that starts runs, and wakes those that wait. */
export const TRIGGERS = "workflow.triggers";

/** What a run waits for, besides its time. */
export type Wait = Pick<WorkflowWaitInput, "runId" | "round" | "entity" | "recordId" | "event">;

/** What begins to be waited for, and where in the journal it may already be: null for what must come yet. */
export type BegunWait = Wait & { readonly hearsFrom: number | null };

/** Where the reader that wakes runs has come: to be asked before a transaction takes any step. */
export const readSoFar = (books: Context): Promise<number> => cursorPosition(books, TRIGGERS);

/** Whether one of the entries is what it waits for. Pure. */
export const hears = ({ entity, recordId, event }: Wait, entries: readonly EntrySubject[]): boolean =>
  entries.some(
    (entry) =>
      (event == null || entry.event === event) &&
      (recordId == null || (entry.record === recordId && entry.entity === entity)),
  );

/**
 * Lets runs look again whose events came before this transaction, since the step before the wait began: such as one that
 * followed at once from a call. One question for all that wait for the same.
 *
 * @param since from `readSoFar`
 * @returns those that have heard nothing yet
 */
export async function wakeForEarlier<W extends BegunWait>(
  books: Context,
  waits: readonly W[],
  since: number,
): Promise<readonly W[]> {
  const kinds = new Map<string, W[]>();
  for (const wait of waits) {
    if (wait.event == null || wait.hearsFrom === null || wait.hearsFrom >= since) continue;
    const kind = JSON.stringify([wait.event, wait.entity, wait.recordId]);
    kinds.set(kind, [...(kinds.get(kind) ?? []), wait]);
  }
  const heard = new Set<W>();
  for (const alike of kinds.values()) {
    const [{ event, entity, recordId }] = alike as [W];
    const from = Math.min(...alike.map(({ hearsFrom }) => hearsFrom as number));
    const about = recordId == null || entity == null ? {} : { entity, record: recordId };
    const last = await lastEvent(books, { event: event as string, ...about }, from, since);
    if (last !== undefined) for (const wait of alike) if (last > (wait.hearsFrom as number)) heard.add(wait);
  }
  await books.jobs.enqueueMany(
    ADVANCE,
    [...heard].map(({ runId, round }) => ({ input: { runId, round } })),
  );
  return waits.filter((wait) => !heard.has(wait));
}

/**
 * Lets runs look again whose waits are written in this transaction, where what they wait for was read after `since`: the
 * reader could not see their waits then. What it reads later wakes them as always.
 */
export async function wakeForMissed(books: Context, waits: readonly Wait[], since: number): Promise<void> {
  let asked = waits.filter(({ event, recordId }) => event != null || recordId != null);
  if (asked.length === 0) return;
  const due: { readonly input: AdvanceInput }[] = [];
  for await (const entries of handledSince(books, TRIGGERS, since)) {
    const heard = asked.filter((wait) => hears(wait, entries));
    for (const { runId, round } of heard) due.push({ input: { runId, round } });
    asked = asked.filter((wait) => !heard.includes(wait));
    if (asked.length === 0) break;
  }
  await books.jobs.enqueueMany(ADVANCE, due);
}
