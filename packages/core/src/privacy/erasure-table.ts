import type { PhysicalTable } from "../storage/physical-schema.js";

/** Who was erased, how far it has come, and what was done: the certificate. Nothing personal once it is done. */
export const ERASURE_TABLE: PhysicalTable = {
  name: "corm_erasure",
  columns: [
    { name: "id", type: "id", nullable: false },
    { name: "tenant_id", type: "string", length: 64, nullable: false },
    { name: "state", type: "string", length: 10, nullable: false },
    // Counts its steps: of two runs of one erasure, one finds that the other has moved on.
    { name: "step", type: "integer", nullable: false },
    { name: "subject", type: "text", nullable: false },
    { name: "progress", type: "text", nullable: false },
    { name: "requested_by", type: "string", length: 255, nullable: false },
    { name: "requested_at", type: "instant", nullable: false },
    { name: "finished_at", type: "instant", nullable: true },
  ],
  primaryKey: ["id"],
  tenant: "tenant_id",
  indexes: [{ name: "ix_corm_erasure__tenant", columns: ["tenant_id", "state", "id"], unique: false }],
};
