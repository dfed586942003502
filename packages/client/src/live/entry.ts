/** One entry of the journal: one record and one write, or one event that a plugin has announced. */
export interface JournalEntry {
  readonly id: string;
  /** Instant of the write. */
  readonly at: string;
  readonly operation: string;
  readonly entity: string | null;
  readonly record: string | null;
  /** Of the record after the write; null for events. */
  readonly version: number | null;
  readonly actor: {
    readonly kind: string;
    readonly id: string | null;
    readonly reason: string | null;
    readonly userId: string | null;
  };
  /** The operations that it happened inside of, outermost first. */
  readonly cause: readonly string[];
  readonly requestId: string | null;
  /** Before and after of the fields that changed; null for events, and where the values were erased. */
  readonly changes: Readonly<Record<string, readonly [before: unknown, after: unknown]>> | null;
  /** Name of an event. */
  readonly event: string | null;
  /** What an event carries. */
  readonly payload: unknown;
  /** The values were erased; that it happened is kept. */
  readonly erased: boolean;
}
