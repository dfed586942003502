import { DATA_KEY_TABLE } from "../encryption/data-keys.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Composition } from "../plugin/compose.js";
import { ERASURE_TABLE } from "../privacy/erasure-table.js";
import type { PhysicalSchema, PhysicalTable } from "../storage/physical-schema.js";
import { IDEMPOTENCY_TABLE } from "./idempotency-table.js";
import { JOB_TABLE, SCHEDULE_TABLE } from "./job-table.js";
import { CURSOR_TABLE, JOURNAL_HEAD_TABLE, JOURNAL_TABLE } from "./journal-tables.js";
import { MATCH_BLOCK_TABLE, MATCH_KEY_TABLE, MATCH_LOCK_TABLE } from "./match-key-table.js";
import { PROVENANCE_TABLE } from "./provenance-table.js";

/** Core's own table: the ledger of what is in the database and whose it is, and the generated secret. */
export const META_TABLE: PhysicalTable = {
  name: "corm_meta",
  columns: [
    { name: "key", type: "string", length: 100, nullable: false },
    { name: "value", type: "text", nullable: false },
    { name: "updated_at", type: "instant", nullable: false },
  ],
  primaryKey: ["key"],
  indexes: [],
};

/** Core's own table: how often something was done, for limits that hold over all processes. */
export const RATE_TABLE: PhysicalTable = {
  name: "corm_rate_counter",
  columns: [
    { name: "key", type: "string", length: 64, nullable: false },
    { name: "used", type: "integer", nullable: false },
    { name: "ends_at", type: "instant", nullable: false },
  ],
  primaryKey: ["key"],
  indexes: [{ name: "corm_rate_counter_ends_at", columns: ["ends_at"], unique: false }],
};

/** Tables that every database has for core itself. No entity can have their names. */
export const CORE_TABLES: readonly PhysicalTable[] = [
  META_TABLE,
  IDEMPOTENCY_TABLE,
  JOURNAL_TABLE,
  JOURNAL_HEAD_TABLE,
  CURSOR_TABLE,
  RATE_TABLE,
  JOB_TABLE,
  SCHEDULE_TABLE,
  PROVENANCE_TABLE,
];

/** Every table that core and the composed plugins need. */
export function physicalSchema(composition: Composition): PhysicalSchema {
  const entities = [...composition.entities.values()];
  const keys = entities.some((entity) => entity.encrypted.length > 0) ? [DATA_KEY_TABLE] : [];
  const erasures = composition.personal.size > 0 ? [ERASURE_TABLE] : [];
  const matching = composition.entities.has("matchRule")
    ? [MATCH_BLOCK_TABLE, MATCH_KEY_TABLE, MATCH_LOCK_TABLE]
    : [];
  return { tables: [...CORE_TABLES, ...matching, ...keys, ...erasures, ...entities.flatMap(tablesOf)] };
}

const tablesOf = ({ physical, history }: EntityModel): PhysicalTable[] =>
  history ? [physical, history] : [physical];
