import type { Policy } from "../access/policy.js";
import { ActorAccess } from "../access/session-access.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";
import { type Awaitable, andThen } from "../util/awaitable.js";
import { createLru, type Lru } from "../util/lru.js";
import { actorKey } from "./query-identity.js";

/** As many as are found and sorted in the time in which a page of them is gathered from a long order. */
const FEW = 2_000;
/** It decides only how a page is found, so an answer may be old. */
const KEPT_MS = 60_000;
const MAX_ANSWERS = 5_000;

interface Known {
  readonly few: boolean;
  readonly until: number;
}

const known = new WeakMap<Policy, Lru<string, Known>>();

/**
 * Whether the actor reaches a few records of many, by sets of ids: then his pages are sorted from these. Looked up where the
 * database has no statistics to tell, at most once a minute. False where another way is best anyhow.
 */
export function reachesFew(session: Session, entity: EntityModel): Awaitable<boolean> {
  const { access } = session;
  if (!(access instanceof ActorAccess) || session.runtime.storage.capabilities.plansBlindly !== true)
    return false;
  const reached = access.filter(entity, "read");
  if (!holdsIds(reached)) return false;
  const answers = answersOf(access.policy);
  const key = `${session.tenant} ${session.userId ?? actorKey(session.actor)} ${entity.name}`;
  const now = session.nowMs;
  const last = answers.get(key);
  if (last && now < last.until) return last.few;
  const ids = session.operations().findMany({
    table: entity.table,
    columns: IDS,
    where: and(session.rows(true), reached),
    orderBy: [],
    limit: FEW + 1,
  });
  return andThen(ids, ({ length }) => {
    const few = length <= FEW;
    answers.set(key, { few, until: now + KEPT_MS });
    return few;
  });
}

const IDS = Object.freeze(["id"]);

/** Whether sets of ids are in a filter, each from an index. */
function holdsIds(filter: Filter): boolean {
  if (filter.op === "and") return filter.of.some(holdsIds);
  return filter.op === "among" && filter.column === "id";
}

function answersOf(policy: Policy): Lru<string, Known> {
  let answers = known.get(policy);
  if (!answers) {
    answers = createLru(MAX_ANSWERS);
    known.set(policy, answers);
  }
  return answers;
}
