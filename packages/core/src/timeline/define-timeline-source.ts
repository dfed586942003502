import type { Where } from "../context/query.js";
import type { Entity } from "../entity/entity.js";

/** Stands for every entity. */
export const ANY = "*";

type Names<T> = keyof T & string;

/** Records that tell of something that happened around others. Made by `defineTimelineSource`. */
export interface TimelineSource {
  readonly on: string;
  readonly entity: string;
  /** Names from the source to the record: relations, and the reference last. */
  readonly path: readonly string[];
  readonly at: string;
  readonly kind: string;
  readonly title: readonly string[];
  readonly data: readonly string[];
  readonly actor: string | null;
  readonly where: unknown;
}

export interface TimelineSourceOptions<Row, Related> {
  /** On whose timeline it stands; left out where it hangs on records of any entity (`attachedTo`). */
  readonly on?: { readonly name: string };
  readonly entity: Entity<string, Row, never, Related>;
  /** The reference to that record: `contactId`; `opportunity.contactId` where another record lies between. */
  readonly reference: string;
  /** The instant of the event. Records without one are left out. */
  readonly at: Names<Row>;
  /** Default: the entity's name. */
  readonly kind?: string;
  /** Fields whose values, with spaces between, say in a line what it was. */
  readonly title: readonly Names<Row>[];
  /** Fields that readers get as well. */
  readonly data?: readonly Names<Row>[];
  /** Reference to the user who did it. */
  readonly actor?: Names<Row>;
  /** Which records count. Default: all. */
  readonly where?: Where<Row, Related>;
}

/**
 * Declares that records of one entity belong on the timeline of another. Readers see of them what they may read anyway.
 *
 * @example
 * defineTimelineSource({ on: contact, entity: ticket, reference: "contactId", at: "createdAt", title: ["subject"] })
 */
export function defineTimelineSource<Row, Input, Related>(
  options: Omit<TimelineSourceOptions<Row, Related>, "entity"> & {
    readonly entity: Entity<string, Row, Input, Related>;
  },
): TimelineSource {
  return {
    on: options.on?.name ?? ANY,
    entity: options.entity.name,
    path: options.reference.split("."),
    at: options.at,
    kind: options.kind ?? options.entity.name,
    title: options.title,
    data: options.data ?? [],
    actor: options.actor ?? null,
    where: options.where ?? {},
  };
}
