import { MATCH_LOCK_TABLE } from "../migrations/match-key-table.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import { comparable, matchKeys } from "./keys.js";
import type { ActiveRules } from "./rules.js";

/** Rows that are locked, at most, for each entity of a tenant. Saves of unlike records meet in one by chance. */
const SHARES = 1024;
/** Shares of one statement. */
const CHUNK = 500;

/**
 * Lets saves that a rule which blocks could take for alike go one after another: whoever comes second sees what the first has
 * committed. Values that are equal have keys of which there can be one; those that are only alike share a key that many
 * may have, and so its share of all keys is locked until the transaction ends.
 *
 * Costs nothing where no rule that blocks is fuzzy, or the database has one writer at a time; one statement elsewhere.
 */
export async function waitForAlike(
  session: Session,
  entity: EntityModel,
  rules: ActiveRules,
  records: readonly RecordValues[],
): Promise<void> {
  const { inTurn } = rules;
  if (inTurn.length === 0 || !session.runtime.storage.capabilities.concurrentWriters) return;
  const shares = new Set<number>();
  for (const record of records)
    for (const { key } of matchKeys(session, { ...rules, blocks: inTurn }, comparable(session, record)))
      shares.add(Buffer.from(key, "base64url").readUInt16BE(0) % SHARES);
  // In one order, so that two who need the same ones do not wait for each other.
  const wanted = [...shares].sort((a, b) => a - b);
  for (let start = 0; start < wanted.length; start += CHUNK)
    await lockShares(session, entity.name, wanted.slice(start, start + CHUNK));
}

async function lockShares(session: Session, entity: string, shares: readonly number[]): Promise<void> {
  const missing = await missingAfterLock(session, entity, shares);
  if (missing.length === 0) return;
  const rows = missing.map((share) => ({ [TENANT_COLUMN]: session.tenant, entity, share }));
  await session.operations().upsert(MATCH_LOCK_TABLE.name, rows, [TENANT_COLUMN, "entity", "share"], []);
  // Those that somebody else has made meanwhile are not locked yet.
  await missingAfterLock(session, entity, missing);
}

/** Locks the rows of shares; answers those that have none. */
async function missingAfterLock(
  session: Session,
  entity: string,
  shares: readonly number[],
): Promise<number[]> {
  const rows = await session.operations().findMany({
    table: MATCH_LOCK_TABLE.name,
    columns: ["share"],
    where: and(
      { op: "eq", column: TENANT_COLUMN, value: session.tenant },
      { op: "eq", column: "entity", value: entity },
      { op: "in", column: "share", values: shares },
    ),
    orderBy: [{ column: "share", direction: "asc" }],
    limit: shares.length,
    lock: "update",
  });
  const there = new Set(rows.map((row) => row["share"]));
  return shares.filter((share) => !there.has(share));
}
