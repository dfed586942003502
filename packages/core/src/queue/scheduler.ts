import type { Context } from "../context/context.js";
import { UniqueViolation } from "../errors/storage-errors.js";
import { type CronTimes, cronTimes } from "../jobs/cron.js";
import type { ScheduleDefinition } from "../jobs/define-schedule.js";
import { SCHEDULE_TABLE } from "../migrations/job-table.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Session } from "../runtime/session.js";
import type { BoundStorage, StoredRow } from "../storage/adapter.js";
import { and } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { parseInstantMs } from "../util/values.js";
import { is, ofTenant } from "./job-row.js";

const TABLE = SCHEDULE_TABLE.name;
/** Between looks for tenants that are new, and schedules that have changed. */
const ENSURE_MS = 60_000;
const BATCH = 100;
/** `skip` leaves out what is older. */
const GRACE_MS = 60_000;
/** Far enough never to come. */
const NEVER = "9999-12-31T00:00:00.000Z";

interface Timed {
  readonly definition: ScheduleDefinition;
  readonly times: CronTimes;
}

/**
 * Makes the jobs of schedules. A row for each tenant and schedule says when it is next due: whoever finds it due locks
 * it, makes the job and moves it on, in one transaction, so that of many processes one makes it.
 */
export class Scheduler {
  readonly #runtime: Runtime;
  readonly #crm: CrmHandle;
  readonly #tenants: () => AsyncIterable<string> | Iterable<string>;
  readonly #everyone: BoundStorage;
  readonly #schedules: ReadonlyMap<string, Timed>;
  #ensuredAt: number | undefined;

  constructor(runtime: Runtime, crm: CrmHandle, tenants: () => AsyncIterable<string> | Iterable<string>) {
    this.#runtime = runtime;
    this.#crm = crm;
    this.#tenants = tenants;
    this.#everyone = runtime.storage.acrossTenants("find the schedules that are due");
    // What the app withholds its job the rights for, it does not want done: no job is made that could only fail.
    const { withheld } = runtime;
    const wanted = [...runtime.composition.schedules.values()].filter(
      ({ value: { job } }) => !withheld.has("core.jobs") && !withheld.has(job.capability ?? ""),
    );
    this.#schedules = new Map(
      wanted.map(({ value }) => [
        value.name,
        { definition: value, times: cronTimes(value.cron, value.zone) },
      ]),
    );
  }

  /** Makes the jobs that are due, and begins with new tenants. */
  async tick(): Promise<void> {
    if (this.#schedules.size === 0) return;
    const now = this.#runtime.clock.now();
    if (this.#ensuredAt === undefined || Math.abs(now - this.#ensuredAt) >= ENSURE_MS) {
      for await (const tenant of this.#tenants()) await this.#ensure(tenant);
      this.#ensuredAt = now;
    }
    for (;;) {
      const rows = await this.#everyone.findMany({
        table: TABLE,
        columns: [TENANT_COLUMN, "name"],
        where: and(this.#known(), { op: "lte", column: "next_at", value: toInstant(now) }),
        orderBy: [{ column: "next_at", direction: "asc" }],
        limit: BATCH,
      });
      let fired = 0;
      for (const row of rows)
        if (await this.#fire(row[TENANT_COLUMN] as string, row["name"] as string)) fired += 1;
      if (rows.length < BATCH || fired === 0) return;
    }
  }

  /** When the next one is due; null where none is. */
  async nextAt(): Promise<string | null> {
    if (this.#schedules.size === 0) return null;
    const [row] = await this.#everyone.findMany({
      table: TABLE,
      columns: ["next_at"],
      where: this.#known(),
      orderBy: [{ column: "next_at", direction: "asc" }],
      limit: 1,
    });
    return (row?.["next_at"] ?? null) as string | null;
  }

  #known() {
    return { op: "in" as const, column: "name", values: [...this.#schedules.keys()] };
  }

  #session(tenant: string): Session {
    return this.#crm.system({
      tenant,
      capability: "core.jobs",
      reason: "make the jobs of schedules",
    }) as Session;
  }

  /** A row for each schedule, and another time where it was declared anew. */
  async #ensure(tenant: string): Promise<void> {
    const session = this.#session(tenant);
    const rows = await session.operations().findMany({
      table: TABLE,
      columns: ["name", "cron", "zone"],
      where: and(ofTenant(tenant), this.#known()),
      orderBy: [],
      limit: this.#schedules.size,
    });
    const kept = new Map(rows.map((row) => [row["name"] as string, row]));
    const now = session.clock.now();
    for (const [name, { definition, times }] of this.#schedules) {
      const { cron, zone } = definition;
      const row = kept.get(name);
      if (row && row["cron"] === cron && row["zone"] === zone) continue;
      const next = { cron, zone, next_at: instantOf(times.after(now)) };
      if (row) await session.operations().updateWhere(TABLE, and(ofTenant(tenant), is("name", name)), next);
      else await this.#begin(session, { [TENANT_COLUMN]: tenant, name, ...next, last_at: null });
    }
  }

  async #begin(session: Session, row: StoredRow): Promise<void> {
    try {
      await session.operations().insertMany(TABLE, [row]);
    } catch (error) {
      // Another process came first.
      if (!UniqueViolation.is(error)) throw error;
    }
  }

  async #fire(tenant: string, name: string): Promise<boolean> {
    const { definition, times } = this.#schedules.get(name) as Timed;
    return this.#session(tenant).atomically(async (tx) => {
      const own = and(ofTenant(tenant), is("name", name));
      const [row] = await tx.operations().findMany({
        table: TABLE,
        columns: ["next_at"],
        where: own,
        orderBy: [],
        limit: 1,
        lock: "skip",
      });
      const now = tx.clock.now();
      // Another process has it, or has done it.
      if (!row || (row["next_at"] as string) > toInstant(now)) return false;
      const due = lastDue(times, parseInstantMs(row["next_at"] as string), now);
      const next = { next_at: instantOf(times.after(now)), last_at: toInstant(due) };
      await tx.operations().updateWhere(TABLE, own, next);
      if (definition.missed === "once" || now - due <= GRACE_MS) await make(tx, definition, toInstant(due));
      return true;
    });
  }
}

async function make(tx: Context, { name, job, input }: ScheduleDefinition, at: string): Promise<void> {
  await tx.jobs.enqueue(job, input, { runAt: at, dedupeId: `${name}@${at}` });
}

/** The last time that is due. Of one that was missed for long not each is counted: half the way at a time. */
function lastDue(times: CronTimes, first: number, now: number): number {
  let due = first;
  for (let step = now - due; step >= 1; step = Math.floor(step / 2)) {
    for (let next = times.after(due + step); next !== null && next <= now; next = times.after(due + step))
      due = next;
  }
  const next = times.after(due);
  return next !== null && next <= now ? lastDue(times, next, now) : due;
}

const instantOf = (ms: number | null): string => (ms === null ? NEVER : toInstant(ms));
