import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { visibleIds } from "../runtime/ids-among.js";
import type { Session } from "../runtime/session.js";
import { DuplicateFound, type FoundMatch } from "./errors.js";
import { findMatches, type Match } from "./find.js";
import { isDismissed, notePairs } from "./pairs.js";
import { isOpen } from "./points.js";
import type { ActiveRules } from "./rules.js";
import { waitForAlike } from "./turns.js";

/**
 * Holds records that are about to be written against the rules: what a rule blocks is refused, what it allows is told to
 * the caller, and both, and what is to be reported, are noted for people to look at.
 *
 * @returns what notes the pairs, once the records are written
 * @throws duplicate-found
 */
export async function guardDuplicates(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  records: readonly RecordValues[],
  place: (at: number) => string,
): Promise<() => Promise<void>> {
  await waitForAlike(session, entity, rules, records);
  const found = await findMatches(session, entity, rules, records);
  const matches = await isDismissed(session, entity, records, found);
  if (matches.length === 0) return async () => {};
  const visible = await visibleIds(session, entity, [...new Set(matches.map(({ id }) => id))]);
  // A record of the batch itself is the caller's own.
  const own = new Set(records.map((record) => record["id"] as string));
  // What two records have in common in a field that the actor does not see, no rule tells him.
  const open = new Set(
    rules.rules
      .filter(({ compares }) => compares.every((name) => isOpen(session, entity, name)))
      .map(({ name }) => name),
  );
  const shown = (match: Match) => open.has(match.rule) && visible.has(match.id) && !own.has(match.id);
  const blocked = matches.find(({ policy }) => policy === "block");
  if (blocked) {
    const same = matches.filter(({ at, policy }) => at === blocked.at && policy === "block");
    throw DuplicateFound({
      entity: entity.name,
      place: place(blocked.at),
      matches: summed(same.filter(shown)),
    });
  }
  for (const [at, record] of records.entries()) {
    const warned = matches.filter((match) => match.at === at && match.policy === "allow" && shown(match));
    if (warned.length > 0)
      session.identity.onDuplicates?.({
        entity: entity.name,
        id: record["id"] as string,
        matches: summed(warned),
      });
  }
  return () => notePairs(session, entity, records, rules, matches);
}

/** One line for each record, the best first. */
export function summed(matches: readonly Pick<Match, "id" | "score" | "rule">[]): FoundMatch[] {
  const byId = new Map<string, { score: number; rules: string[] }>();
  for (const { id, score, rule } of matches) {
    const known = byId.get(id);
    if (known) {
      known.score = Math.max(known.score, score);
      if (!known.rules.includes(rule)) known.rules.push(rule);
    } else byId.set(id, { score, rules: [rule] });
  }
  return [...byId]
    .map(([id, rest]) => ({ id, ...rest }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}
