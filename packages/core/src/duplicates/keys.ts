import { TransactionConflict, UniqueViolation } from "../errors/storage-errors.js";
import { blockKeys, blockName } from "../matching/blocking.js";
import { type Compared, compared } from "../matching/evaluate.js";
import { MATCH_KEY_TABLE } from "../migrations/match-key-table.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { withPoints } from "./points.js";
import { type ActiveRules, rulesFor } from "./rules.js";

const LENGTH = 22;

export interface MatchKey {
  /** A digest of 132 bits. */
  readonly key: string;
  /** No two records may have it. */
  readonly sole: boolean;
}

export function comparable(session: Session, values: RecordValues): Compared {
  const country = values["country"];
  return compared(values, typeof country === "string" ? country : session.country);
}

/** What a value of a block is called in the table of keys. */
export const keyDigest = (session: Session, block: string, text: string): string =>
  session.runtime.fingerprint(`match ${session.tenant}\n${block}\n${text}`).slice(0, LENGTH);

/** The keys of a record under the rules of its entity. */
export function matchKeys(
  session: Session,
  { blocks, sole, kinds }: ActiveRules,
  record: Compared,
): MatchKey[] {
  const found = new Map<string, MatchKey>();
  for (const block of blocks) {
    const name = blockName(block);
    for (const text of blockKeys(record, block, kinds)) {
      const key = keyDigest(session, name, text);
      found.set(key, { key, sole: sole.has(name) });
    }
  }
  return [...found.values()];
}

/**
 * Notes what records have in common with others, in the transaction of their write.
 *
 * @throws transaction-conflict where another transaction has just saved one with a key that only one may have: core begins
 * again, and finds it
 */
export async function keepMatchKeys(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  records: readonly RecordValues[],
): Promise<void> {
  const whole = await withPoints(session, entity, rules, records);
  const rows = whole.flatMap((record) => keyRows(session, entity, rules, record));
  if (rows.length === 0) return;
  try {
    await session.operations().insertMany(MATCH_KEY_TABLE.name, rows);
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    throw TransactionConflict(
      { reason: `another ${entity.name} with the same match key was saved at this moment` },
      { cause: error },
    );
  }
}

export function keyRows(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  record: RecordValues,
): StoredRow[] {
  return matchKeys(session, rules, comparable(session, record)).map(({ key, sole }) => ({
    [TENANT_COLUMN]: session.tenant,
    entity: entity.name,
    match_key: key,
    record_id: record["id"],
    sole_key: sole ? key : null,
  }));
}

/** Forgets the keys of records: they are gone, or have others now. */
export async function dropMatchKeys(session: Session, ids: readonly string[]): Promise<void> {
  if (ids.length === 0 || !session.hasEntity("matchRule")) return;
  const own: Filter = { op: "eq", column: TENANT_COLUMN, value: session.tenant };
  await session
    .operations()
    .deleteWhere(MATCH_KEY_TABLE.name, and(own, { op: "in", column: "record_id", values: ids }));
}

/** The keys of records that go into the recycle bin, or come out of it. */
export async function moveMatchKeys(
  session: Session,
  entity: EntityModel,
  rows: readonly RecordValues[],
  live: boolean,
): Promise<void> {
  const rules = await rulesFor(session, entity);
  if (!rules) return;
  await dropMatchKeys(
    session,
    rows.map((row) => row["id"] as string),
  );
  if (!live) return;
  // Records that become one, or come apart again, are alike as they are.
  const alike = isMerging(session);
  await keepMatchKeys(session, entity, alike ? { ...rules, sole: new Set() } : rules, rows);
}

/** Whether it is a merge that writes, or one that is taken back. */
export const isMerging = (session: Session): boolean =>
  session.chain.some((operation) => /\.(?:merge|unmerge|mergePair)$/.test(operation));
