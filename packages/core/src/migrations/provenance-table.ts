import { TENANT_COLUMN } from "../model/system-fields.js";
import type { PhysicalTable } from "../storage/physical-schema.js";

/** Where the values of fields are from, where the app asks for it: see `provenance/`. One row for a field of a record. */
export const PROVENANCE_TABLE: PhysicalTable = {
  name: "corm_provenance",
  columns: [
    { name: TENANT_COLUMN, type: "string", length: 64, nullable: false },
    { name: "record_id", type: "id", nullable: false },
    { name: "field", type: "string", length: 48, nullable: false },
    { name: "source", type: "string", length: 100, nullable: false },
    { name: "reference", type: "string", length: 200, nullable: true },
    { name: "confidence", type: "float", nullable: true },
    { name: "at", type: "instant", nullable: false },
    { name: "actor_kind", type: "string", length: 20, nullable: false },
    { name: "actor_id", type: "string", nullable: true },
    { name: "user_id", type: "string", nullable: true },
    { name: "cause", type: "text", nullable: false },
  ],
  primaryKey: [TENANT_COLUMN, "record_id", "field"],
  tenant: TENANT_COLUMN,
  indexes: [],
};
