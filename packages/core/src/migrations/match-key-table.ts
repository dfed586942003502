import { TENANT_COLUMN } from "../model/system-fields.js";
import type { PhysicalTable } from "../storage/physical-schema.js";

/**
 * What records have in common that may be duplicates: see `duplicates/`. Digests, since keys are made of names and addresses.
 */
export const MATCH_KEY_TABLE: PhysicalTable = {
  name: "corm_match_keys",
  columns: [
    { name: TENANT_COLUMN, type: "string", length: 64, nullable: false },
    { name: "entity", type: "string", length: 48, nullable: false },
    { name: "match_key", type: "string", length: 22, nullable: false },
    { name: "record_id", type: "id", nullable: false },
    // The same key where no two records may have it; NULL where they may.
    { name: "sole_key", type: "string", length: 22, nullable: true },
  ],
  primaryKey: [TENANT_COLUMN, "entity", "match_key", "record_id"],
  tenant: TENANT_COLUMN,
  indexes: [
    { name: "ix_corm_match_keys__record_id", columns: [TENANT_COLUMN, "record_id"], unique: false },
    { name: "uq_corm_match_keys__sole_key", columns: [TENANT_COLUMN, "entity", "sole_key"], unique: true },
  ],
};

/** Blocks whose keys all records of an entity have: rules that need others wait for them. */
export const MATCH_BLOCK_TABLE: PhysicalTable = {
  name: "corm_match_blocks",
  columns: [
    { name: TENANT_COLUMN, type: "string", length: 64, nullable: false },
    { name: "entity", type: "string", length: 48, nullable: false },
    // A digest of the block's name.
    { name: "block", type: "string", length: 22, nullable: false },
    { name: "ready_at", type: "instant", nullable: false },
  ],
  primaryKey: [TENANT_COLUMN, "entity", "block"],
  tenant: TENANT_COLUMN,
  indexes: [],
};

/**
 * What saves wait for that could be duplicates of one another: a row for each of so many shares of all keys. Made as they are
 * needed, and never changed.
 */
export const MATCH_LOCK_TABLE: PhysicalTable = {
  name: "corm_match_locks",
  columns: [
    { name: TENANT_COLUMN, type: "string", length: 64, nullable: false },
    { name: "entity", type: "string", length: 48, nullable: false },
    { name: "share", type: "integer", nullable: false },
  ],
  primaryKey: [TENANT_COLUMN, "entity", "share"],
  tenant: TENANT_COLUMN,
  indexes: [],
};
