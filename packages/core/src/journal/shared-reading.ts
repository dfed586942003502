import type { Session } from "../runtime/session.js";
import type { SubscribedEntry } from "../subscribers/define-subscriber.js";
import { deepFreeze } from "../util/deep-freeze.js";
import { readEntry } from "./entry.js";
import { entriesAfter } from "./read.js";

/** Reads entries after a position, at most so many. */
export type ReadAfter = (
  session: Session,
  after: number,
  limit: number,
) => Promise<readonly SubscribedEntry[]>;

export const readAfter: ReadAfter = async (session, after, limit) =>
  // What one reader is handed another one may be handed as well.
  deepFreeze(
    (await entriesAfter(session, after, limit)).map((row) => ({
      ...readEntry(row),
      position: row["position"] as number,
    })),
  );

/**
 * One reading for all readers of a tenant that stand at the same place, as they mostly do. For one round of them: what
 * comes meanwhile is for the next.
 */
export function sharedReading(): ReadAfter {
  const known = new Map<string, Promise<readonly SubscribedEntry[]>>();
  return (session, after, limit) => {
    const key = `${after}/${limit}`;
    let entries = known.get(key);
    if (!entries) {
      // One stretch at a time: who reads on does not keep what lies behind.
      known.clear();
      entries = readAfter(session, after, limit);
      known.set(key, entries);
    }
    return entries;
  };
}
