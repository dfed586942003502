import type { PhysicalTable } from "../storage/physical-schema.js";

/**
 * Everything that was written, one row per record and write, in the transaction of the write. `position` is 0 until
 * the entry has its place in the order of its tenant; then `hash` seals it.
 */
export const JOURNAL_TABLE: PhysicalTable = {
  name: "corm_journal",
  columns: [
    { name: "id", type: "id", nullable: false },
    { name: "tenant_id", type: "string", length: 64, nullable: false },
    { name: "position", type: "integer", nullable: false },
    { name: "entity", type: "string", length: 64, nullable: true },
    { name: "record", type: "id", nullable: true },
    { name: "operation", type: "string", length: 16, nullable: false },
    { name: "event", type: "string", length: 100, nullable: true },
    { name: "version", type: "integer", nullable: true },
    { name: "at", type: "instant", nullable: false },
    { name: "actor_kind", type: "string", length: 16, nullable: false },
    { name: "actor_id", type: "string", length: 255, nullable: true },
    { name: "user_id", type: "string", length: 255, nullable: true },
    { name: "reason", type: "text", nullable: true },
    { name: "cause", type: "text", nullable: false },
    { name: "request_id", type: "string", length: 255, nullable: true },
    { name: "changes", type: "text", nullable: true },
    { name: "digest", type: "string", length: 64, nullable: false },
    { name: "hash", type: "string", length: 64, nullable: true },
    { name: "erased", type: "id", nullable: true },
  ],
  tenant: "tenant_id",
  primaryKey: ["id"],
  indexes: [
    // Readers walk positions; whoever orders finds what has none yet at 0, by id.
    { name: "ix_corm_journal__position", columns: ["tenant_id", "position", "id"], unique: false },
    { name: "ix_corm_journal__record", columns: ["tenant_id", "record", "position"], unique: false },
  ],
};

/** Where the order of each tenant ends: the row that whoever orders locks. */
export const JOURNAL_HEAD_TABLE: PhysicalTable = {
  name: "corm_journal_head",
  columns: [
    { name: "tenant_id", type: "string", length: 64, nullable: false },
    { name: "position", type: "integer", nullable: false },
    { name: "hash", type: "string", length: 64, nullable: false },
  ],
  tenant: "tenant_id",
  primaryKey: ["tenant_id"],
  indexes: [],
};

/** How far each durable subscriber has come. */
export const CURSOR_TABLE: PhysicalTable = {
  name: "corm_cursor",
  columns: [
    { name: "tenant_id", type: "string", length: 64, nullable: false },
    { name: "name", type: "string", length: 100, nullable: false },
    { name: "position", type: "integer", nullable: false },
    { name: "holder", type: "id", nullable: true },
    { name: "held_until", type: "instant", nullable: true },
    { name: "updated_at", type: "instant", nullable: false },
  ],
  tenant: "tenant_id",
  primaryKey: ["tenant_id", "name"],
  indexes: [],
};
