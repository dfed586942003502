import { eraseJournal } from "../journal/erasures.js";
import type { Session } from "../runtime/session.js";

/** Removes the values from the journal's entries of records; answers how many. The chain stays as it is. */
export function eraseHistory(session: Session, entity: string, ids: readonly string[]): Promise<number> {
  return eraseJournal(session, session.model(entity), ids, "all");
}
