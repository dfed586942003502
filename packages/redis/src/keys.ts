/** Streams of one fan-out. Limited, since every batch is published by one script over all of them. */
export const MAX_PARTITIONS = 256;

/** Names of what one fan-out keeps in Redis. The braces put all of them into one slot of a cluster. */
export interface Keys {
  /** Hash: the last position that was published, by tenant. */
  readonly heads: string;
  /** Hash: the last stream id that a group has done, by `group/partition`. */
  readonly readers: string;
  readonly streams: readonly string[];
  /** What a group could not do, by partition. */
  dead(group: string, partition: number): string;
  /** Held by the one process of a group that reads a partition. */
  lock(group: string, partition: number): string;
}

/** @throws TypeError for a number of partitions out of range */
export function keysOf(name: string, partitions: number): Keys {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS)
    throw new TypeError(`"partitions" is 1 to ${MAX_PARTITIONS}, and the same for relay and consumers`);
  const prefix = `{corm:${name}}`;
  return {
    heads: `${prefix}:heads`,
    readers: `${prefix}:readers`,
    streams: Array.from({ length: partitions }, (_, p) => `${prefix}:${p}`),
    dead: (group, p) => `${prefix}:${p}:dead:${group}`,
    lock: (group, p) => `${prefix}:${p}:lock:${group}`,
  };
}

/** The name of a group's cursor in the database, in each tenant. */
export const cursorName = (name: string, group: string, partition: number): string =>
  `redis:${name}:${group}/${partition}`;

const NAME = /^[\w.-]{1,40}$/;

/** @throws TypeError */
export function checkName(what: string, name: string): void {
  if (!NAME.test(name)) throw new TypeError(`"${what}" is 1 to 40 letters, digits, "_", "." or "-"`);
}

/** Orders two ids of one stream: `<milliseconds>-<number>`. */
export function isAtLeast(id: string, other: string): boolean {
  const [ms = 0, n = 0] = id.split("-").map(Number);
  const [otherMs = 0, otherN = 0] = other.split("-").map(Number);
  return ms > otherMs || (ms === otherMs && n >= otherN);
}
