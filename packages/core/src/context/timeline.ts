/** Something that happened around a record. */
export interface TimelineEntry {
  /** RFC 3339 in UTC. */
  readonly at: string;
  /** What it is: `activity`, `opportunity`, `stageVisit`, … */
  readonly kind: string;
  /** The record that tells of it. */
  readonly entity: string;
  readonly id: string;
  readonly title: string;
  /** User id of who did it, where that is known. */
  readonly actor: string | null;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface TimelineOptions {
  /** 1 to 500, default 50. */
  readonly limit?: number;
  /** The `next` of the page before. */
  readonly after?: string | null;
}

export interface TimelinePage {
  /** Newest first. */
  readonly items: TimelineEntry[];
  readonly next: string | null;
}
