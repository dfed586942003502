import { MATCH_KEY_TABLE } from "../migrations/match-key-table.js";
import type { EntityModel } from "../model/entity-model.js";
import { columnsOf, decodeRecord, type RecordValues } from "../model/record-codec.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";
import { keyRows } from "./keys.js";
import { withPoints } from "./points.js";
import type { ActiveRules } from "./rules.js";

const MAX_KEYS = 200_000;

/**
 * Gives the next records of an entity, by id, the keys that the rules want, and takes away those that none wants any more.
 * In a transaction, with the records locked: whoever changes one at this moment comes before or after.
 *
 * @returns the id of the last one, undefined where there is none; and how many there were
 */
export async function makeKeysOfNext(
  tx: Session,
  entity: EntityModel,
  rules: ActiveRules,
  after: string | undefined,
  limit: number,
): Promise<{ readonly last: string | undefined; readonly count: number }> {
  const names = ["id", "country", ...rules.fields];
  const fields = [...new Set(names.flatMap((name) => entity.fields.get(name) ?? []))];
  const rows = await tx.operations().findMany({
    table: entity.table,
    columns: columnsOf(fields),
    where: tx.rows(),
    orderBy: [{ column: "id", direction: "asc" }],
    ...(after === undefined ? {} : { after: [after] }),
    limit,
    lock: "update",
  });
  const records = rows.map((row) => decodeRecord(fields, row));
  if (records.length > 0) await settleKeys(tx, entity, rules, records);
  return { last: records.at(-1)?.["id"] as string | undefined, count: records.length };
}

async function settleKeys(
  tx: Session,
  entity: EntityModel,
  rules: ActiveRules,
  records: readonly RecordValues[],
): Promise<void> {
  // Of records that were there before, several may have a key that no two may have from now on. Whoever is saved later
  // finds them all by it, so that none of them has to be the one that holds it.
  const whole = await withPoints(tx, entity, rules, records);
  const rows = whole.flatMap((record) => keyRows(tx, entity, { ...rules, sole: new Set() }, record));
  const nameOf = (row: object) =>
    `${(row as RecordValues)["record_id"]} ${(row as RecordValues)["match_key"]}`;
  const wanted = new Set(rows.map(nameOf));
  // By the ids alone: with the entity beside them, SQLite walks all keys of the entity.
  const own: Filter = { op: "eq", column: TENANT_COLUMN, value: tx.tenant };
  const those: Filter = { op: "in", column: "record_id", values: records.map(({ id }) => id as string) };
  const kept = await tx.operations().findMany({
    table: MATCH_KEY_TABLE.name,
    columns: ["match_key", "record_id"],
    where: and(own, those),
    orderBy: [],
    limit: MAX_KEYS,
  });
  const known = new Set(kept.map(nameOf));
  const keys = new Set(rows.map((row) => row["match_key"]));
  const stale = kept.filter((row) => !wanted.has(nameOf(row)));
  const gone = [...new Set(stale.map((row) => row["match_key"] as string))];
  const unwanted = gone.filter((key) => !keys.has(key));
  if (unwanted.length > 0)
    await tx
      .operations()
      .deleteWhere(
        MATCH_KEY_TABLE.name,
        and(own, those, { op: "in", column: "match_key", values: unwanted }),
      );
  // A key that one has no more and another one still has.
  for (const row of stale.filter((one) => keys.has(one["match_key"])))
    await tx
      .operations()
      .deleteWhere(
        MATCH_KEY_TABLE.name,
        and(
          own,
          { op: "eq", column: "record_id", value: row["record_id"] as string },
          { op: "eq", column: "match_key", value: row["match_key"] as string },
        ),
      );
  await tx.operations().upsert(
    MATCH_KEY_TABLE.name,
    rows.filter((row) => !known.has(nameOf(row))),
    MATCH_KEY_TABLE.primaryKey,
    [],
  );
}
