import type { Page } from "./query.js";

/** What happened to a record, or `event` where a plugin says that something happened. */
export type JournalOperation = "create" | "update" | "delete" | "restore" | "purge" | "erase" | "event";

/** Who wrote. `id` is of a user or API key; a system says its reason, a visitor came by a route. */
export interface JournalActor {
  readonly kind: string;
  readonly id: string | null;
  readonly reason: string | null;
  /** The user in whose name an actor of another kind worked. */
  readonly userId: string | null;
}

/** One entry of the journal: one record and one write, or one event. */
export interface JournalEntry {
  readonly id: string;
  /** Instant of the write, as `updatedAt` of the record has it. */
  readonly at: string;
  readonly operation: JournalOperation;
  readonly entity: string | null;
  readonly record: string | null;
  /** Of the record after the write; null for events. */
  readonly version: number | null;
  readonly actor: JournalActor;
  /** The operations that it happened inside of, outermost first: `["lead.convert", "contact.create"]`. */
  readonly cause: readonly string[];
  readonly requestId: string | null;
  /**
   * Before and after of the fields that changed, as records show them; values of secret fields are fingerprints. Null
   * for events, and where the values were erased.
   */
  readonly changes: Readonly<Record<string, readonly [before: unknown, after: unknown]>> | null;
  /** Name of an event. */
  readonly event: string | null;
  /** What an event carries. */
  readonly payload: unknown;
  /** The values were erased; that it happened is kept. */
  readonly erased: boolean;
}

export interface HistoryQuery {
  /** 1 to 500, default 50. */
  readonly limit?: number | undefined;
  /** `next` of the page before. */
  readonly after?: string | null | undefined;
}

/** Newest first. */
export type HistoryPage = Page<JournalEntry>;

export interface ChangesQuery {
  /** Entries to look at, 1 to 500, default 50; a page has fewer where the actor may not see some. */
  readonly limit?: number | undefined;
  /** `next` of the page before; left out, the journal is read from its beginning; `now` skips what is in it. */
  readonly after?: string | null | undefined;
}

/** An entry with its place: a reader that has handled it goes on after its cursor. */
export interface Change extends JournalEntry {
  readonly cursor: string;
}

export interface ChangesPage {
  /** Oldest first, as they were committed. */
  readonly items: readonly Change[];
  /** Where to go on, also when there is nothing more yet. */
  readonly next: string;
  /** There is more already. */
  readonly more: boolean;
}
