import { eraseJournal } from "../journal/erasures.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import type { Session } from "../runtime/session.js";

/**
 * Removes the values from the journal's entries about records, in the transaction of their erasure; answers how many
 * entries lost some. Of records that stay, what was not cleared stays in their history as well. The chain holds.
 */
export function eraseHistory(
  session: Session,
  model: PersonalModel,
  ids: readonly string[],
): Promise<number> {
  const fields = model.erase === "delete" ? "all" : new Set(model.cleared.map(({ field }) => field.name));
  return eraseJournal(session, model.entity, ids, fields);
}
