import { blockName } from "../matching/blocking.js";
import type { Session } from "../runtime/session.js";
import { makeKeysOfNext } from "./make-keys.js";
import { blockDigest, forgetBlocks, hasMoreThan, markReady } from "./ready.js";
import { currentRules, makeMatchKeys, TTL_MS } from "./rules.js";

/** So many records are given their keys at once, while the rule is saved. */
const AT_ONCE = 500;

/**
 * Sees to the keys that the rules of some entities need, after the rules have changed and in the same transaction. Few
 * records get them at once, and the rule is in force with its commit. Many get them in the background, and the rule
 * waits. The job looks in either case: another process may follow the old rules for a moment.
 */
export async function keepRulesReady(session: Session, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const entity = session.runtime.composition.entities.get(name);
    if (!entity) continue;
    const rules = await currentRules(session, entity);
    const digestOf = (block: string) => blockDigest(session, block);
    await forgetBlocks(session, name, rules?.blocks.map((block) => digestOf(blockName(block))) ?? []);
    if (!rules || rules.waiting.length === 0) continue;
    if (!(await hasMoreThan(session, entity, AT_ONCE))) {
      await makeKeysOfNext(session, entity, rules, undefined, AT_ONCE);
      await markReady(session, name, rules.waiting.map(digestOf));
    }
    await session
      .asSystem({ capability: "crm.duplicates", reason: "make the keys of rules" })
      .jobs.enqueue(makeMatchKeys, { entity: name }, { delay: 2 * TTL_MS, concurrencyKey: name });
  }
}
