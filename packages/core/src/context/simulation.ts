import type { JournalEntry } from "./journal.js";

/** What would have come of something. */
export interface Simulation<T> {
  readonly result: T;
  /** What the journal would have had of it, in order. Values of all fields: narrow them with `visibleEntries`. */
  readonly entries: readonly JournalEntry[];
}
