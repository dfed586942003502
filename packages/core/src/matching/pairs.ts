import { blockKeys } from "./blocking.js";
import type { Compared, Kinds } from "./evaluate.js";
import type { Block } from "./rule.js";

/** Records of one key that are compared with one another; more say that the key tells nothing. */
export const MAX_BLOCK = 100;

/**
 * Pairs of records with a key in common, each once: for what fits in memory. Keys that more than `most` records have are
 * left out.
 */
export function* proposedPairs<T extends Compared>(
  records: readonly T[],
  blocks: readonly Block[],
  kinds: Kinds,
  most = MAX_BLOCK,
): Generator<readonly [T, T]> {
  const byKey = new Map<string, number[]>();
  records.forEach((record, at) => {
    blocks.forEach((block, i) => {
      for (const key of blockKeys(record, block, kinds)) {
        const name = `${i}${key}`;
        const members = byKey.get(name);
        if (members) members.push(at);
        else byKey.set(name, [at]);
      }
    });
  });
  const seen = new Set<number>();
  for (const members of byKey.values()) {
    if (members.length > most) continue;
    for (const [i, a] of members.entries())
      for (const b of members.slice(i + 1)) {
        const pair = a * records.length + b;
        if (a === b || seen.has(pair)) continue;
        seen.add(pair);
        yield [records[a] as T, records[b] as T];
      }
  }
}

/** Pairs that match taken together: who matches one of a group belongs to it. */
export function groupsOf<T>(pairs: Iterable<readonly [T, T]>): T[][] {
  const leader = new Map<T, T>();
  const find = (one: T): T => {
    let at = one;
    for (let next = leader.get(at); next !== undefined && next !== at; next = leader.get(at)) at = next;
    leader.set(one, at);
    return at;
  };
  for (const [a, b] of pairs) leader.set(find(a), find(b));
  const groups = new Map<T, T[]>();
  for (const one of leader.keys()) {
    const head = find(one);
    const group = groups.get(head);
    if (group) group.push(one);
    else groups.set(head, [one]);
  }
  return [...groups.values()];
}
