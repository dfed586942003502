import { TransactionConflict, UniqueViolation } from "../errors/storage-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import type { Match } from "./find.js";
import type { ActiveRules } from "./rules.js";

export const PAIR_ENTITY = "duplicatePair";
const CHUNK = 500;

export interface PairRow {
  readonly entity: string;
  readonly leftId: string;
  readonly rightId: string;
  readonly score: number;
  readonly rule: string;
}

/** Both ids in one order, so that a pair is one however it was found. */
export const ordered = (a: string, b: string): readonly [string, string] => (a < b ? [a, b] : [b, a]);

/** Matches without pairs that somebody has looked at and found to be two. */
export async function isDismissed(
  session: Session,
  entity: EntityModel,
  records: readonly RecordValues[],
  matches: readonly Match[],
): Promise<readonly Match[]> {
  if (matches.length === 0) return matches;
  const known = await statesOf(
    session,
    entity,
    matches.map(({ at, id }) => ordered(records[at]?.["id"] as string, id)),
  );
  return matches.filter(
    ({ at, id }) => known.get(ordered(records[at]?.["id"] as string, id).join()) !== "dismissed",
  );
}

/** States of pairs that are noted already, by their ids joined. */
async function statesOf(
  session: Session,
  entity: EntityModel,
  pairs: readonly (readonly [string, string])[],
): Promise<Map<string, string>> {
  const { table } = session.model(PAIR_ENTITY);
  const left = [...new Set(pairs.map(([id]) => id))];
  const known = new Map<string, string>();
  for (let i = 0; i < left.length; i += CHUNK) {
    const rows = await session.operations().findMany({
      table,
      columns: ["left_id", "right_id", "state"],
      where: and(
        session.rows(),
        { op: "eq", column: "entity", value: entity.name },
        { op: "in", column: "left_id", values: left.slice(i, i + CHUNK) },
      ),
      orderBy: [],
      limit: 100_000,
    });
    for (const row of rows) known.set(`${row["left_id"]},${row["right_id"]}`, row["state"] as string);
  }
  return known;
}

/** Notes pairs that are not noted yet, each with its best score. */
export async function notePairs(
  session: Session,
  entity: EntityModel,
  records: readonly RecordValues[],
  rules: Pick<ActiveRules, "rules">,
  matches: readonly Pick<Match, "at" | "id" | "score" | "rule">[],
): Promise<void> {
  await noteAll(
    session,
    entity,
    rules,
    matches.map(({ at, id, score, rule }) => {
      const [leftId, rightId] = ordered(records[at]?.["id"] as string, id);
      return { entity: entity.name, leftId, rightId, score, rule };
    }),
  );
}

/** @returns how many were new */
export async function noteAll(
  session: Session,
  entity: EntityModel,
  { rules }: Pick<ActiveRules, "rules">,
  pairs: readonly PairRow[],
): Promise<number> {
  const told = new Map(
    rules.map(({ name, compares }) => [name, `,${[...new Set(compares)].sort().join(",")},`]),
  );
  const best = new Map<string, PairRow>();
  for (const pair of pairs) {
    const key = `${pair.leftId},${pair.rightId}`;
    const known = best.get(key);
    if (!known || known.score < pair.score) best.set(key, pair);
  }
  const known = await statesOf(
    session,
    entity,
    [...best.values()].map(({ leftId, rightId }) => [leftId, rightId] as const),
  );
  const fresh = [...best]
    .filter(([key]) => !known.has(key))
    .map(([, pair]) => ({ ...pair, state: "open", tellsOf: told.get(pair.rule) ?? "" }));
  const repository = session.asSystem({ capability: "crm.duplicates", reason: "note duplicates" });
  try {
    for (let i = 0; i < fresh.length; i += CHUNK)
      await repository.repo({ name: PAIR_ENTITY } as never).createMany(fresh.slice(i, i + CHUNK) as never);
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    throw TransactionConflict({ reason: "the same pair was noted at this moment" }, { cause: error });
  }
  return fresh.length;
}
