import { blockKeys, blockName } from "../matching/blocking.js";
import type { Compared } from "../matching/evaluate.js";
import { MAX_BLOCK } from "../matching/pairs.js";
import { MATCH_KEY_TABLE } from "../migrations/match-key-table.js";
import type { EntityModel } from "../model/entity-model.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";
import { compare, loadCandidates } from "./find.js";
import { keyDigest } from "./keys.js";
import { ordered, type PairRow } from "./pairs.js";
import type { ActiveRules } from "./rules.js";

/** Rows of keys that one slice reads, at least. */
const PAGE = 2_000;
/** Comparisons after which other work has its turn. */
const TURN = 200;

/** A key that more records have than are compared with one another. */
export interface SkippedKey {
  /** Name of what they have in common, as rules call it; empty where no rule asks for it any more. */
  readonly block: string;
  readonly records: number;
}

export interface PairSlice {
  /** The last key that was looked at; null at the end. */
  readonly cursor: string | null;
  /** Rows of keys that this slice has done. */
  readonly rows: number;
  readonly pairs: readonly PairRow[];
  readonly skipped: readonly SkippedKey[];
}

const ofEntity = (session: Session, entity: EntityModel): Filter =>
  and(
    { op: "eq", column: TENANT_COLUMN, value: session.tenant },
    { op: "eq", column: "entity", value: entity.name },
  );

/** How many keys the records of an entity have. */
export async function countKeys(session: Session, entity: EntityModel, key?: string): Promise<number> {
  const [row] = await session.operations().aggregate({
    table: MATCH_KEY_TABLE.name,
    where:
      key === undefined
        ? ofEntity(session, entity)
        : and(ofEntity(session, entity), { op: "eq", column: "match_key", value: key }),
    groupBy: [],
    measures: [{ as: "n", fn: "count" }],
    orderBy: [],
    limit: 1,
  });
  return (row?.["n"] as number | undefined) ?? 0;
}

/**
 * Compares the records of the next keys, in the order of the keys' digests: those with a key in common, each key once. Holds
 * one page of keys and their records in memory, whatever there is.
 */
export async function scanPairs(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  after: string | null,
): Promise<PairSlice> {
  const rows = await session.operations().findMany({
    table: MATCH_KEY_TABLE.name,
    columns: ["match_key", "record_id"],
    where:
      after === null
        ? ofEntity(session, entity)
        : and(ofEntity(session, entity), { op: "gt", column: "match_key", value: after }),
    orderBy: [
      { column: "match_key", direction: "asc" },
      { column: "record_id", direction: "asc" },
    ],
    limit: PAGE,
  });
  const holders = new Map<string, string[]>();
  for (const row of rows) {
    const key = row["match_key"] as string;
    const ids = holders.get(key);
    if (ids) ids.push(row["record_id"] as string);
    else holders.set(key, [row["record_id"] as string]);
  }
  const isLast = rows.length < PAGE;
  const last = rows.at(-1)?.["match_key"] as string | undefined;
  let done = rows.length;
  let cursor = isLast ? null : (last as string);
  const skipped: SkippedKey[] = [];
  if (!isLast && holders.size > 1) {
    // The last key may go on behind this page: it is the first of the next one.
    const cut = holders.get(last as string) as string[];
    holders.delete(last as string);
    done -= cut.length;
    cursor = [...holders.keys()].at(-1) as string;
  }
  for (const [key, ids] of holders) {
    if (ids.length > MAX_BLOCK) {
      const records = ids.length < PAGE ? ids.length : await countKeys(session, entity, key);
      done += records - ids.length;
      skipped.push({ block: await blockOf(session, entity, rules, ids[0] as string, key), records });
    }
    if (ids.length < 2 || ids.length > MAX_BLOCK) holders.delete(key);
  }
  const candidates = await loadCandidates(session, entity, rules, holders);
  return {
    cursor,
    rows: done,
    pairs: await pairsAmong(session, entity, rules, holders, candidates),
    skipped,
  };
}

async function pairsAmong(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  holders: ReadonlyMap<string, readonly string[]>,
  candidates: ReadonlyMap<string, Compared>,
): Promise<PairRow[]> {
  const found: PairRow[] = [];
  const seen = new Set<string>();
  let turn = 0;
  for (const ids of holders.values())
    for (const [i, one] of ids.entries())
      for (const other of ids.slice(i + 1)) {
        const [leftId, rightId] = ordered(one, other);
        const name = `${leftId},${rightId}`;
        const [a, b] = [candidates.get(leftId), candidates.get(rightId)];
        if (!a || !b || seen.has(name)) continue;
        seen.add(name);
        turn += 1;
        if (turn % TURN === 0) {
          session.signal?.throwIfAborted();
          await new Promise((go) => setImmediate(go));
        }
        for (const { score, rule } of compare(a, b, rules))
          found.push({ entity: entity.name, leftId, rightId, score, rule });
      }
  return found;
}

/** What the records of a key have in common. */
async function blockOf(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  id: string,
  key: string,
): Promise<string> {
  const [record] = (await loadCandidates(session, entity, rules, new Map([[key, [id]]]))).values();
  if (!record) return "";
  for (const block of rules.blocks) {
    const name = blockName(block);
    if (blockKeys(record, block, rules.kinds).some((text) => keyDigest(session, name, text) === key))
      return name;
  }
  return "";
}
