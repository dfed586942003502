import type { Context } from "../context/context.js";
import type { EnqueuedJob, JobQuery, JobRecord } from "../context/jobs.js";
import type { Page } from "../context/query.js";
import { JobLost } from "../jobs/errors.js";
import type {
  BrokerHost,
  ClaimedJob,
  ClaimRequest,
  JobBroker,
  JobEngine,
  JobEngineFactory,
  JobHost,
  NewJob,
  ReadyJob,
} from "../jobs/job-engine.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { Session } from "../runtime/session.js";
import type { BoundStorage, Operations, Patch } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { Claims } from "./claim.js";
import { dedupeOf, idIn, inState, is, laneOf, ofTenant, rowOf, TABLE, waiting } from "./job-row.js";
import { Lanes } from "./lanes.js";
import { Leases } from "./leases.js";
import { cancelJob, findJob, listJobs, replayJob } from "./records.js";

export interface DatabaseJobsOptions {
  /** Milliseconds for which a job that is done, or cancelled, is kept; its `dedupeId` counts as long. Default one day. */
  readonly keepDone?: number;
  /** Milliseconds for which a dead one is kept. Default 30 days. */
  readonly keepDead?: number;
  /** Hands out what is ready, instead of the database: for many workers. Jobs stay in the database all the same. */
  readonly broker?: (host: BrokerHost) => JobBroker;
}

const DAY_MS = 86_400_000;
const SWEEP_BATCH = 500;
const MAX_BEATING = 1000;
/** Between sweeps for what is rare. */
const SWEEP_MS = 30_000;

/**
 * Jobs in the app's own database, for any number of processes: what is made in a transaction commits with it, and so does
 * a completion. This is the default; name it to change how long jobs are kept.
 */
export function databaseJobs(options: DatabaseJobsOptions = {}): JobEngineFactory {
  return (host) => new DatabaseEngine(host, options);
}

class DatabaseEngine implements JobEngine {
  readonly name: string;
  readonly #host: JobHost;
  readonly #options: DatabaseJobsOptions;
  readonly #claims: Claims;
  readonly #lanes: Lanes;
  readonly #leases: Leases;
  readonly #everyone: BoundStorage;
  readonly #broker: JobBroker | undefined;
  #sweptAt: number | undefined;

  constructor(host: JobHost, options: DatabaseJobsOptions) {
    this.#host = host;
    this.#options = options;
    this.#claims = new Claims(host);
    this.#lanes = new Lanes(host, this.#ready);
    this.#leases = new Leases(host, this.#ready);
    this.#everyone = host.storage.acrossTenants("keep the books of jobs");
    this.#broker = options.broker?.({
      ...host,
      tenants: (queue, limit) => this.#claims.tenants(queue, limit),
      ready: (queue, tenant, limit) => this.#claims.ready(queue, tenant, limit),
      claim: (worker, ids) => this.#claims.claimThese(worker, ids),
    });
    this.name = this.#broker?.name ?? "database";
  }

  async enqueue(ctx: Context, jobs: readonly NewJob[]): Promise<readonly EnqueuedJob[]> {
    const session = ctx as Session;
    if (!session.inTransaction && jobs.length > 1) return session.atomically((tx) => this.enqueue(tx, jobs));
    const now = session.now();
    const plain = jobs.filter(({ dedupeId }) => dedupeId === null);
    const operations = session.operations();
    const rows = plain.map((job) => rowOf(session.tenant, now, job));
    if (rows.length > 0) await operations.insertMany(TABLE, rows);
    const named = jobs.filter(({ dedupeId }) => dedupeId !== null);
    const kept = await this.#deduped(operations, session.tenant, now, named);
    const made = jobs.filter(
      (job) => job.dedupeId === null || kept.get(dedupeOf(job.queue, job.dedupeId)) === job.id,
    );
    await this.#afterwards(session, made, now);
    return jobs.map((job) => {
      const id = job.dedupeId === null ? job.id : (kept.get(dedupeOf(job.queue, job.dedupeId)) ?? job.id);
      return { id, duplicate: id !== job.id };
    });
  }

  /** Ids by digest of those that there are now. */
  async #deduped(
    operations: Operations,
    tenant: string,
    now: string,
    jobs: readonly NewJob[],
  ): Promise<Map<string, string>> {
    if (jobs.length === 0) return new Map();
    const rows = jobs.map((job) => rowOf(tenant, now, job));
    await operations.upsert(TABLE, rows, [TENANT_COLUMN, "dedupe"], []);
    const digests = [...new Set(rows.map((row) => row["dedupe"] as string))];
    const found = await operations.findMany({
      table: TABLE,
      columns: ["id", "dedupe"],
      where: and(ofTenant(tenant), { op: "in", column: "dedupe", values: digests }),
      orderBy: [],
      limit: digests.length,
    });
    return new Map(found.map((row) => [row["dedupe"] as string, row["id"] as string]));
  }

  async #afterwards(session: Session, jobs: readonly NewJob[], now: string): Promise<void> {
    const { tenant } = session;
    const lanes = new Set(jobs.flatMap(({ queue, key }) => (key ? [laneOf(tenant, queue, key.text)] : [])));
    const ready = jobs
      .filter(({ key, runAt }) => !key && waiting(runAt, now) === "ready")
      .map(({ id, queue, priority }) => ({ id, tenant, queue, priority }));
    const work = async (): Promise<void> => {
      this.#ready(ready);
      for (const lane of lanes) await this.#lanes.advance(lane);
    };
    await this.#after(session, work);
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    if (!this.#broker) return this.#claims.claim(request);
    const broker = this.#broker;
    await this.#claims.makeDueReady((jobs) => broker.offer(jobs));
    return broker.claim(request);
  }

  async beat(worker: string): Promise<ReadonlySet<string>> {
    const own = and(inState("running"), is("worker", worker));
    await this.#everyone.updateWhere(TABLE, own, { beats: { add: 1 } });
    const rows = await this.#everyone.findMany({
      table: TABLE,
      columns: ["id"],
      where: own,
      orderBy: [],
      limit: MAX_BEATING,
    });
    return new Set(rows.map((row) => row["id"] as string));
  }

  async complete(job: ClaimedJob, tx?: Context): Promise<void> {
    const session = tx as Session | undefined;
    const operations = session?.operations() ?? this.#host.storage.forTenant(job.tenant);
    // What it was about is of no use any more, and may be personal.
    const patch = { ...this.#over("done", this.#keepDone), input: null };
    if (!(await change(operations, job, patch))) throw JobLost({ job: job.name, id: job.id });
    if (session) await this.#after(session, () => this.#leave(job));
    else await this.#leave(job);
  }

  async completeAll(jobs: readonly ClaimedJob[], tx: Context): Promise<void> {
    const session = tx as Session;
    const patch = { ...this.#over("done", this.#keepDone), input: null };
    // A claim has one token: most often there is one statement.
    for (const token of new Set(jobs.map((job) => job.token))) {
      const own = jobs.filter((job) => job.token === token);
      const ids = own.map(({ id }) => id);
      const held = and(ofTenant(session.tenant), idIn(ids), is("token", token), inState("running"));
      const { count } = await session.operations().updateWhere(TABLE, held, patch);
      const [first] = own as [ClaimedJob];
      if (count < own.length) throw JobLost({ job: first.name, id: first.id });
    }
    await this.#after(session, async () => {
      for (const job of jobs) await this.#leave(job);
    });
  }

  async fail(job: ClaimedJob, error: string, retryAt: string | null): Promise<void> {
    const patch: Patch =
      retryAt === null
        ? this.#over("dead", this.#keepDead)
        : { state: waiting(retryAt, this.#now()), run_at: retryAt, ...FREE };
    const operations = this.#host.storage.forTenant(job.tenant);
    if (!(await change(operations, job, { ...patch, error, attempts: { add: 1 } })))
      throw JobLost({ job: job.name, id: job.id });
    if (retryAt === null) await this.#leave(job);
    else this.#waits(job, retryAt);
  }

  async release(job: ClaimedJob, runAt = job.runAt): Promise<void> {
    const patch = { state: waiting(runAt, this.#now()), run_at: runAt, ...FREE };
    if (await change(this.#host.storage.forTenant(job.tenant), job, patch)) this.#waits(job, runAt);
  }

  async upkeep(): Promise<void> {
    const dead = await this.#leases.takeBack(this.#until(this.#keepDead));
    for (const { lane } of dead) if (lane !== null) await this.#lanes.advance(lane as string);
    await this.#broker?.upkeep();
    const now = this.#host.clock.now();
    if (this.#sweptAt !== undefined && Math.abs(now - this.#sweptAt) < SWEEP_MS) return;
    this.#sweptAt = now;
    await this.#lanes.advanceStuck();
    await this.#sweep();
  }

  async nextAt(): Promise<string | null> {
    const [row] = await this.#everyone.findMany({
      table: TABLE,
      columns: ["run_at"],
      where: inState("delayed"),
      orderBy: [{ column: "run_at", direction: "asc" }],
      limit: 1,
    });
    return (row?.["run_at"] ?? null) as string | null;
  }

  list(ctx: Context, query: JobQuery): Promise<Page<JobRecord>> {
    return listJobs(ctx as Session, query);
  }

  get(ctx: Context, id: string): Promise<JobRecord | undefined> {
    return findJob(ctx as Session, id);
  }

  async replay(ctx: Context, id: string): Promise<void> {
    const { lane, job } = await replayJob(ctx as Session, id);
    await this.#after(ctx as Session, async () => {
      if (lane !== null) await this.#lanes.advance(lane);
      else this.#ready([job]);
    });
  }

  async cancel(ctx: Context, id: string): Promise<void> {
    const patch = this.#over("cancelled", this.#keepDone);
    const { lane } = await cancelJob(ctx as Session, id, patch);
    if (lane !== null) await this.#after(ctx as Session, () => this.#lanes.advance(lane));
  }

  async close(): Promise<void> {
    await this.#broker?.close();
  }

  /** They can be had from now on. */
  readonly #ready = (jobs: readonly ReadyJob[]): void => {
    if (jobs.length === 0) return;
    if (this.#broker) this.#broker.offer(jobs);
    else for (const queue of new Set(jobs.map((job) => job.queue))) this.#host.notify(queue);
  };

  #waits({ id, tenant, queue, priority }: ClaimedJob, runAt: string): void {
    if (waiting(runAt, this.#now()) === "ready") this.#broker?.offer([{ id, tenant, queue, priority }]);
  }

  /** Once the transaction of the session is committed, or now. */
  async #after({ scope }: Session, work: () => Promise<void>): Promise<void> {
    if (scope) scope.committed.push(work);
    else await work();
  }

  async #leave({ tenant, queue, key }: ClaimedJob): Promise<void> {
    if (key) await this.#lanes.advance(laneOf(tenant, queue, key.text));
  }

  async #sweep(): Promise<void> {
    const over: Filter = { op: "lte", column: "expires_at", value: this.#now() };
    for (;;) {
      const rows = await this.#everyone.findMany({
        table: TABLE,
        columns: ["id"],
        where: over,
        orderBy: [{ column: "expires_at", direction: "asc" }],
        limit: SWEEP_BATCH,
      });
      if (rows.length === 0) return;
      // Looked at once more: one of them may have been replayed since.
      await this.#everyone.deleteWhere(TABLE, and(over, idIn(rows.map((row) => row["id"] as string))));
      if (rows.length < SWEEP_BATCH) return;
    }
  }

  #over(state: "done" | "dead" | "cancelled", keep: number): Patch {
    return { state, ...FREE, seat: null, finished_at: this.#now(), expires_at: this.#until(keep) };
  }

  get #keepDone(): number {
    return this.#options.keepDone ?? DAY_MS;
  }
  get #keepDead(): number {
    return this.#options.keepDead ?? 30 * DAY_MS;
  }
  #now(): string {
    return toInstant(this.#host.clock.now());
  }
  #until(keep: number): string {
    return toInstant(this.#host.clock.now() + keep);
  }
}

const FREE = { token: null, worker: null } as const;

/** The fence: only whoever has the last token of the job changes it. */
async function change(operations: Operations, job: ClaimedJob, patch: Patch): Promise<boolean> {
  const held = and(ofTenant(job.tenant), is("id", job.id), is("token", job.token), inState("running"));
  const { count } = await operations.updateWhere(TABLE, held, patch);
  return count === 1;
}
