import { IDEMPOTENCY_TABLE } from "../migrations/idempotency-table.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import type { Filter } from "../storage/filter.js";
import { and } from "../storage/filter.js";

/** Rows of one sweep: it takes milliseconds, and runs while somebody waits. */
export const SWEEP_BATCH = 500;
/** A busy tenant makes more rows in a minute than one batch removes: then the next request goes on. */
const PAUSE_MS = 60_000;
const MAX_TENANTS = 10_000;

/** Removes what has run out, of the tenants that send keys, a batch at a time. One per app. */
export class Sweeper {
  readonly #dueAt = new Map<string, number>();

  /** Sweeps where it is time; answers how many rows went. */
  async sweep(session: Session): Promise<number> {
    const now = session.clock.now();
    const due = this.#dueAt.get(session.tenant);
    if (due !== undefined && now < due) return 0;
    if (this.#dueAt.size >= MAX_TENANTS) this.#dueAt.clear();
    this.#dueAt.set(session.tenant, now + PAUSE_MS);
    const removed = await sweepTenant(session);
    if (removed === SWEEP_BATCH) this.#dueAt.delete(session.tenant);
    return removed;
  }
}

/** Removes one batch of what has run out; true where there may be more. */
export async function sweepExpired(session: Session): Promise<boolean> {
  return (await sweepTenant(session)) === SWEEP_BATCH;
}

async function sweepTenant(session: Session): Promise<number> {
  const { name } = IDEMPOTENCY_TABLE;
  const own: Filter = { op: "eq", column: TENANT_COLUMN, value: session.tenant };
  const over: Filter = { op: "lte", column: "expires_at", value: session.now() };
  const rows = await session.operations().findMany({
    table: name,
    columns: ["id", "expires_at"],
    where: and(own, over),
    orderBy: [{ column: "expires_at", direction: "asc" }],
    limit: SWEEP_BATCH,
  });
  if (rows.length === 0) return 0;
  const ids = rows.map((row) => row["id"] as string);
  // Looked at once more: one of them may have been taken over since.
  await session.operations().deleteWhere(name, and(own, over, { op: "in", column: "id", values: ids }));
  return rows.length;
}
