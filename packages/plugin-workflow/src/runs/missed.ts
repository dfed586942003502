import { type Context, cursorPosition, type EntrySubject, handledSince } from "@corm/core";
import type { WorkflowWaitInput } from "../entities/workflow-run.js";
import { ADVANCE, type AdvanceInput } from "./start-runs.js";

/** The reader of the journal that starts runs, and wakes those that wait. */
export const TRIGGERS = "workflow.triggers";

/** What a run waits for, besides its time. */
export type Wait = Pick<WorkflowWaitInput, "runId" | "round" | "entity" | "recordId" | "event">;

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
