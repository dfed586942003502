import { TENANT_COLUMN } from "../model/system-fields.js";
import type { PhysicalTable } from "../storage/physical-schema.js";

/** Requests that carried an idempotency key: which are running, and what the others were answered. */
export const IDEMPOTENCY_TABLE: PhysicalTable = {
  name: "corm_idempotency",
  columns: [
    // A digest of tenant, actor and key: of one length, and compared alike on every engine.
    { name: "id", type: "string", length: 64, nullable: false },
    { name: TENANT_COLUMN, type: "string", length: 64, nullable: false },
    // Whose turn it is. Whoever finds another one here than its own has lost its turn.
    { name: "claim", type: "string", length: 64, nullable: false },
    // A digest of the request.
    { name: "request", type: "string", length: 64, nullable: false },
    // Null while the request runs.
    { name: "answer", type: "text", nullable: true },
    // Of a running request: when its process counts as dead. Of an answer: when it is forgotten.
    { name: "expires_at", type: "instant", nullable: false },
  ],
  primaryKey: ["id"],
  tenant: TENANT_COLUMN,
  indexes: [
    { name: "ix_corm_idempotency__expires_at", columns: [TENANT_COLUMN, "expires_at"], unique: false },
  ],
};
