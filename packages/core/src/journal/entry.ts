import type { JournalEntry, JournalOperation } from "../context/journal.js";
import type { StoredRow } from "../storage/adapter.js";
import { sha256Hex } from "../util/hash.js";

/**
 * What the chain seals, in this order. Values are not among them but by their digest: what is erased later leaves the
 * chain as it was.
 */
export const SEALED = [
  "position",
  "id",
  "tenant_id",
  "entity",
  "record",
  "operation",
  "event",
  "version",
  "at",
  "actor_kind",
  "actor_id",
  "user_id",
  "reason",
  "cause",
  "request_id",
  "digest",
] as const;

export const ENTRY_COLUMNS = [...SEALED, "changes", "hash", "erased"] as const;

/** Position of an entry that has none yet. */
export const UNORDERED = 0;

/** What the first entry of a tenant follows. */
export function genesis(tenant: string): string {
  return sha256Hex(`corm journal\n${tenant}`);
}

/** Seals an entry into the chain. @param row has its position */
export function sealOf(previous: string, row: StoredRow): string {
  return sha256Hex(`${previous}\n${JSON.stringify(SEALED.map((name) => row[name] ?? null))}`);
}

export function digestOf(changes: string | null): string {
  return changes === null ? NOTHING : sha256Hex(changes);
}

const NOTHING = sha256Hex("");

type Changes = NonNullable<JournalEntry["changes"]>;

/** A stored row as readers get it. */
export function readEntry(row: StoredRow): JournalEntry {
  const text = row["changes"] as string | null;
  const value: unknown = text === null ? null : JSON.parse(text);
  const operation = row["operation"] as JournalOperation;
  const isEvent = operation === "event";
  const cause = row["cause"] as string;
  return {
    id: row["id"] as string,
    at: row["at"] as string,
    operation,
    entity: (row["entity"] ?? null) as string | null,
    record: (row["record"] ?? null) as string | null,
    version: (row["version"] ?? null) as number | null,
    actor: {
      kind: row["actor_kind"] as string,
      id: (row["actor_id"] ?? null) as string | null,
      reason: (row["reason"] ?? null) as string | null,
      userId: (row["user_id"] ?? null) as string | null,
    },
    cause: cause === "" ? [] : cause.split(" "),
    requestId: (row["request_id"] ?? null) as string | null,
    // An erasure has digests of what it left.
    changes: isEvent || operation === "erase" ? null : (value as Changes | null),
    event: (row["event"] ?? null) as string | null,
    payload: isEvent ? value : null,
    erased: row["erased"] != null,
  };
}
