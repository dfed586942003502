import { TENANT_COLUMN } from "../model/system-fields.js";
import type { PhysicalTable } from "../storage/physical-schema.js";

/** Jobs of the engine in the app's database: see `queue/`. */
export const JOB_TABLE: PhysicalTable = {
  name: "corm_jobs",
  columns: [
    { name: "id", type: "id", nullable: false },
    { name: TENANT_COLUMN, type: "string", length: 64, nullable: false },
    { name: "queue", type: "string", length: 64, nullable: false },
    { name: "name", type: "string", length: 100, nullable: false },
    { name: "state", type: "string", length: 10, nullable: false },
    // The negative of the priority, so that all of the index ascends.
    { name: "rank", type: "integer", nullable: false },
    { name: "run_at", type: "instant", nullable: false },
    { name: "input", type: "text", nullable: true },
    // Digest of tenant, queue and key.
    { name: "lane", type: "string", length: 64, nullable: true },
    { name: "key", type: "string", length: 200, nullable: true },
    { name: "seats", type: "integer", nullable: false },
    // The lane and a number below `seats`: who has one is in play.
    { name: "seat", type: "string", length: 80, nullable: true },
    { name: "dedupe", type: "string", length: 64, nullable: true },
    { name: "attempts", type: "integer", nullable: false },
    { name: "stalls", type: "integer", nullable: false },
    // Who runs it: the fence, the worker, and its signs of life.
    { name: "token", type: "id", nullable: true },
    { name: "worker", type: "id", nullable: true },
    { name: "beats", type: "integer", nullable: false },
    { name: "lease", type: "integer", nullable: false },
    { name: "error", type: "text", nullable: true },
    { name: "subject", type: "text", nullable: false },
    { name: "cause", type: "text", nullable: false },
    { name: "request_id", type: "string", length: 255, nullable: true },
    { name: "enqueued_at", type: "instant", nullable: false },
    { name: "finished_at", type: "instant", nullable: true },
    { name: "expires_at", type: "instant", nullable: true },
  ],
  primaryKey: ["id"],
  tenant: TENANT_COLUMN,
  indexes: [
    // The tenants that have something ready, one step each, and of each what goes first.
    {
      name: "ix_corm_jobs__claim",
      columns: ["state", "queue", TENANT_COLUMN, "rank", "run_at", "id"],
      unique: false,
    },
    { name: "ix_corm_jobs__due", columns: ["state", "run_at"], unique: false },
    { name: "ix_corm_jobs__lane", columns: ["lane", "state", "id"], unique: false },
    { name: "ix_corm_jobs__expires_at", columns: ["expires_at"], unique: false },
    { name: "ix_corm_jobs__tenant", columns: [TENANT_COLUMN, "id"], unique: false },
    { name: "ux_corm_jobs__seat", columns: [TENANT_COLUMN, "seat"], unique: true },
    { name: "ux_corm_jobs__dedupe", columns: [TENANT_COLUMN, "dedupe"], unique: true },
  ],
};

/** When each schedule is next due in each tenant. */
export const SCHEDULE_TABLE: PhysicalTable = {
  name: "corm_schedules",
  columns: [
    { name: TENANT_COLUMN, type: "string", length: 64, nullable: false },
    { name: "name", type: "string", length: 100, nullable: false },
    // As they were when it was reckoned: another declaration is reckoned anew.
    { name: "cron", type: "string", length: 200, nullable: false },
    { name: "zone", type: "string", length: 64, nullable: false },
    { name: "next_at", type: "instant", nullable: false },
    { name: "last_at", type: "instant", nullable: true },
  ],
  primaryKey: [TENANT_COLUMN, "name"],
  tenant: TENANT_COLUMN,
  indexes: [{ name: "ix_corm_schedules__next_at", columns: ["next_at"], unique: false }],
};
