import { type Compared, scoreOf } from "../matching/evaluate.js";
import { MAX_BLOCK } from "../matching/pairs.js";
import { MATCH_KEY_TABLE } from "../migrations/match-key-table.js";
import type { EntityModel } from "../model/entity-model.js";
import { columnsOf, decodeRecord, type RecordValues } from "../model/record-codec.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import { comparable, type MatchKey, matchKeys } from "./keys.js";
import { withPoints } from "./points.js";
import type { ActiveRules } from "./rules.js";

/** Keys, and ids, of one statement. */
const CHUNK = 500;
/** Rows of keys that one statement answers. */
const MAX_ROWS = 20_000;

/** A match of one record of a batch. */
export interface Match {
  /** Index of the record in the batch. */
  readonly at: number;
  /** The other: an id, or the index of an earlier record of the batch. */
  readonly id: string;
  readonly score: number;
  readonly rule: string;
  readonly policy: "allow" | "block" | "report";
}

/**
 * What records match, among those of the database and among one another. Two statements for a batch and each 500 keys or
 * candidates.
 */
export async function findMatches(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  records: readonly RecordValues[],
): Promise<Match[]> {
  const whole = await withPoints(session, entity, rules, records);
  const given = whole.map((values) => comparable(session, values));
  const keys = given.map((record) => matchKeys(session, rules, record));
  const holders = await holdersOf(session, entity, [...new Set(keys.flat().map(({ key }) => key))]);
  const candidates = await loadCandidates(session, entity, rules, holders, records);
  const matches: Match[] = [];
  const earlier = new Map<string, number[]>();
  given.forEach((record, at) => {
    const own = records[at]?.["id"];
    const others = new Map<string, Compared>();
    for (const { key } of keys[at] as MatchKey[]) {
      for (const id of holders.get(key) ?? []) {
        const other = id === own ? undefined : candidates.get(id);
        if (other) others.set(id, other);
      }
      for (const before of earlier.get(key) ?? []) {
        const id = records[before]?.["id"];
        if (typeof id === "string" && id !== own) others.set(id, given[before] as Compared);
      }
      const members = earlier.get(key);
      if (members) members.push(at);
      else earlier.set(key, [at]);
    }
    for (const [id, other] of others)
      for (const one of compare(record, other, rules)) matches.push({ at, id, ...one });
  });
  return matches;
}

/** The rules by which two records match. */
export function* compare(
  a: Compared,
  b: Compared,
  { rules, kinds }: Pick<ActiveRules, "rules" | "kinds">,
): Generator<Pick<Match, "score" | "rule" | "policy">> {
  for (const { name, policy, when } of rules) {
    const score = scoreOf(a, b, when, kinds);
    if (score > 0) yield { score, rule: name, policy };
  }
}

/** Ids of records by key, without keys that tell nothing. */
export async function holdersOf(
  session: Session,
  entity: EntityModel,
  keys: readonly string[],
): Promise<Map<string, string[]>> {
  const holders = new Map<string, string[]>();
  const open: (readonly string[])[] = [];
  for (let i = 0; i < keys.length; i += CHUNK) open.push(keys.slice(i, i + CHUNK));
  for (let chunk = open.pop(); chunk; chunk = open.pop()) {
    const limit = Math.min(MAX_ROWS, chunk.length * (MAX_BLOCK + 1));
    const rows = await session.operations().findMany({
      table: MATCH_KEY_TABLE.name,
      columns: ["match_key", "record_id"],
      where: and(
        { op: "eq", column: TENANT_COLUMN, value: session.tenant },
        { op: "eq", column: "entity", value: entity.name },
        { op: "in", column: "match_key", values: chunk },
      ),
      orderBy: [],
      limit,
    });
    if (rows.length === limit && chunk.length > 1) {
      // One key that very many have must not hide those of the others.
      const half = chunk.length >> 1;
      open.push(chunk.slice(0, half), chunk.slice(half));
      continue;
    }
    for (const row of rows) {
      const key = row["match_key"] as string;
      const ids = holders.get(key);
      if (ids) ids.push(row["record_id"] as string);
      else holders.set(key, [row["record_id"] as string]);
    }
  }
  for (const [key, ids] of holders) if (ids.length > MAX_BLOCK) holders.delete(key);
  return holders;
}

/** The live records among those, with the fields that rules compare. A record of the batch is as the batch will leave it. */
export async function loadCandidates(
  session: Session,
  entity: EntityModel,
  rules: Pick<ActiveRules, "fields">,
  holders: ReadonlyMap<string, readonly string[]>,
  batch: readonly RecordValues[] = [],
): Promise<Map<string, Compared>> {
  const wanted = ["id", "country", ...rules.fields].flatMap((name) => entity.fields.get(name) ?? []);
  const read = [...new Set(wanted)];
  const found = new Map<string, Compared>();
  const own = new Set(batch.map((values) => values["id"]));
  const ids = [...new Set([...holders.values()].flat())].filter((id) => !own.has(id));
  for (let i = 0; i < ids.length; i += CHUNK) {
    const values = ids.slice(i, i + CHUNK);
    const rows = await session.operations().findMany({
      table: entity.table,
      columns: columnsOf(read),
      where: and({ op: "in", column: "id", values }, session.rows()),
      orderBy: [],
      limit: values.length,
    });
    const records = await withPoints(
      session,
      entity,
      rules,
      rows.map((row) => decodeRecord(read, row)),
    );
    for (const record of records) found.set(record["id"] as string, comparable(session, record));
  }
  return found;
}
