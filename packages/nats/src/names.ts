/** Subjects of one fan-out, one for each tenant and partition. */
export const MAX_PARTITIONS = 256;

/** Names of what one fan-out keeps in JetStream. */
export interface Names {
  /** The stream of entries. */
  readonly stream: string;
  /** The stream of what could not be done. */
  readonly deadStream: string;
  /** Before the generation of a stream: one that was lost and made anew has other subjects, which no late writer knows. */
  readonly root: string;
  readonly deadSubjects: string;
  dead(group: string, partition: number): string;
  /** The durable consumer of a group. */
  consumer(group: string, partition: number): string;
}

export function namesOf(name: string): Names {
  return {
    stream: `corm_${name}`,
    deadStream: `corm_${name}_dead`,
    root: `corm.${name}`,
    deadSubjects: `corm-dead.${name}.>`,
    dead: (group, p) => `corm-dead.${name}.${group}.${p}`,
    consumer: (group, p) => `${group}_${p}`,
  };
}

/** A tenant as a part of a subject. */
export const tokenOf = (tenant: string): string => Buffer.from(tenant).toString("base64url");

/** The name of a group's cursor in the database, in each tenant. */
export const cursorName = (name: string, group: string, partition: number): string =>
  `nats:${name}:${group}/${partition}`;

const NAME = /^[\w-]{1,40}$/;

/** @throws TypeError */
export function checkName(what: string, name: string): void {
  if (!NAME.test(name)) throw new TypeError(`"${what}" is 1 to 40 letters, digits, "_" or "-"`);
}

/** @throws TypeError for a number of partitions out of range */
export function checkPartitions(partitions: number): number {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > MAX_PARTITIONS)
    throw new TypeError(`"partitions" is 1 to ${MAX_PARTITIONS}, and the same for relay and consumers`);
  return partitions;
}
