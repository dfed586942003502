import { UniqueViolation } from "../errors/storage-errors.js";
import type { BoundStorage, Operations, StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import type { PhysicalTable } from "../storage/physical-schema.js";
import { toInstant } from "../util/clock.js";
import type { RandomBytes } from "../util/random-bytes.js";
import { KEY_BYTES } from "./envelope.js";
import type { KeyProvider } from "./key-provider.js";

/**
 * `data` keys encrypt, the one `index` key of a tenant makes blind indexes. A `history` key was a data key: no record
 * needs it any more, and older entries of the journal do.
 */
export type KeyPurpose = "data" | "index" | "history";

/** The keys of tenants, each wrapped by a key of the provider. */
export const DATA_KEY_TABLE: PhysicalTable = {
  name: "corm_data_key",
  columns: [
    { name: "id", type: "string", length: 36, nullable: false },
    { name: "tenant_id", type: "string", length: 64, nullable: false },
    { name: "purpose", type: "string", length: 10, nullable: false },
    // 1 on the key that seals, NULL on those before it: a tenant has one of each purpose.
    { name: "active", type: "integer", nullable: true },
    { name: "wrapped_by", type: "string", length: 64, nullable: false },
    { name: "wrapped", type: "text", nullable: false },
    { name: "created_at", type: "instant", nullable: false },
  ],
  primaryKey: ["id"],
  tenant: "tenant_id",
  indexes: [
    { name: "uq_corm_data_key__active", columns: ["tenant_id", "purpose", "active"], unique: true },
    { name: "ix_corm_data_key__wrapped_by", columns: ["wrapped_by"], unique: false },
  ],
};

const COLUMNS = DATA_KEY_TABLE.columns.map((column) => column.name);
/** Keys of one tenant: one that seals, and those that a rotation has not drained yet. */
const MOST_KEYS = 1_000;

export interface DataKey {
  readonly id: string;
  readonly purpose: KeyPurpose;
  readonly active: boolean;
  readonly wrappedBy: string;
  readonly wrapped: string;
}

const ofTenant = (tenant: string): Filter => ({ op: "eq", column: "tenant_id", value: tenant });
const ofPurpose = (purpose: KeyPurpose): Filter => ({ op: "eq", column: "purpose", value: purpose });
const isActive: Filter = { op: "eq", column: "active", value: 1 };

/** To what a wrapped key is bound: it opens for no other tenant and no other purpose. */
export const wrapContext = (tenant: string, purpose: KeyPurpose, id: string): string =>
  JSON.stringify(["corm data key", tenant, purpose === "index" ? "index" : "data", id]);

export async function listDataKeys(
  operations: Operations,
  tenant: string,
  lock?: "share" | "update",
): Promise<DataKey[]> {
  const rows = await operations.findMany({
    table: DATA_KEY_TABLE.name,
    columns: COLUMNS,
    where: ofTenant(tenant),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: MOST_KEYS,
    ...(lock ? { lock } : {}),
  });
  return rows.map(dataKey);
}

/** Id of the key that seals now. Locked, it goes on sealing until the transaction ends. */
export async function activeKeyId(
  operations: Operations,
  tenant: string,
  lock: boolean,
): Promise<string | undefined> {
  const [row] = await operations.findMany({
    table: DATA_KEY_TABLE.name,
    columns: ["id"],
    where: and(ofTenant(tenant), ofPurpose("data"), isActive),
    orderBy: [],
    limit: 1,
    ...(lock ? { lock: "share" as const } : {}),
  });
  return row?.["id"] as string | undefined;
}

/** The first keys of a tenant. Another process may be as quick: then its keys count. */
export async function createDataKeys(
  storage: BoundStorage,
  provider: KeyProvider,
  tenant: string,
  now: number,
  random: RandomBytes,
): Promise<void> {
  const rows = [
    await newDataKey(provider, tenant, "data", now, random),
    await newDataKey(provider, tenant, "index", now, random),
  ];
  try {
    await storage.transaction((tx) => tx.insertMany(DATA_KEY_TABLE.name, rows));
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
  }
}

export async function newDataKey(
  provider: KeyProvider,
  tenant: string,
  purpose: KeyPurpose,
  now: number,
  random: RandomBytes,
): Promise<StoredRow> {
  const id = Buffer.from(random(9)).toString("base64url");
  const wrapped = await provider.wrap(random(KEY_BYTES), wrapContext(tenant, purpose, id));
  return {
    id,
    tenant_id: tenant,
    purpose,
    active: 1,
    wrapped_by: wrapped.by,
    wrapped: wrapped.text,
    created_at: toInstant(now),
  };
}

/** Ids of the provider's keys that wrap something. */
export async function wrappingKeys(operations: Operations): Promise<string[]> {
  const rows = await operations.aggregate({
    table: DATA_KEY_TABLE.name,
    where: { op: "const", value: true },
    groupBy: [{ as: "wrapped_by", column: "wrapped_by" }],
    measures: [{ as: "n", fn: "count" }],
    orderBy: [{ column: "wrapped_by", direction: "asc" }],
    limit: MOST_KEYS,
  });
  return rows.map((row) => row["wrapped_by"] as string);
}

function dataKey(row: StoredRow): DataKey {
  return {
    id: row["id"] as string,
    purpose: row["purpose"] as KeyPurpose,
    active: row["active"] === 1,
    wrappedBy: row["wrapped_by"] as string,
    wrapped: row["wrapped"] as string,
  };
}
