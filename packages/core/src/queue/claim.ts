import {
  type ClaimedJob,
  type ClaimRequest,
  type JobHost,
  type ReadyJob,
  roomOf,
} from "../jobs/job-engine.js";
import { TENANT_COLUMN } from "../model/system-fields.js";
import type { BoundStorage, StoredRow, Transaction } from "../storage/adapter.js";
import { and, not } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import {
  CLAIM_COLUMNS,
  claimedOf,
  idIn,
  inState,
  is,
  ofTenant,
  READY_COLUMNS,
  readyOf,
  TABLE,
} from "./job-row.js";
import { retried } from "./retried.js";

/** Due jobs that one look makes ready. */
const DUE_BATCH = 500;

const ORDER = ["rank", "run_at", "id"].map((column) => ({ column, direction: "asc" as const }));

/** Hands out what is ready: the tenants in turns, so that one's thousand jobs are not before another's first. */
export class Claims {
  readonly #host: JobHost;
  readonly #everyone: BoundStorage;
  /** The tenant that had its turn last, by queue. */
  readonly #last = new Map<string, string>();
  #turn = 0;

  constructor(host: JobHost) {
    this.#host = host;
    this.#everyone = host.storage.acrossTenants("hand out jobs");
  }

  async claim(request: ClaimRequest): Promise<readonly ClaimedJob[]> {
    const { worker, queues, limit, perTenant } = request;
    // What one queue gave counts in the next.
    const held = new Map(perTenant?.held);
    const room = (tenant: string) => roomOf(perTenant ? { perTenant: { ...perTenant, held } } : {}, tenant);
    await this.makeDueReady();
    const claimed: ClaimedJob[] = [];
    const first = this.#turn++ % queues.length;
    for (const queue of [...queues.slice(first), ...queues.slice(0, first)]) {
      if (claimed.length === limit) break;
      // Looked at without a transaction: an idle worker must not hold up those who write.
      const tenants = await this.#tenants(queue, limit - claimed.length, this.#last.get(queue), room);
      if (tenants.length === 0) continue;
      const found = await retried(this.#everyone, (tx) =>
        this.#take(tx, queue, tenants, worker, limit - claimed.length, room),
      );
      claimed.push(...found);
      for (const { tenant } of found) held.set(tenant, (held.get(tenant) ?? 0) + 1);
    }
    return claimed;
  }

  /** What waited for its time and has it. */
  async makeDueReady(offer?: (jobs: readonly ReadyJob[]) => void): Promise<void> {
    const now = toInstant(this.#host.clock.now());
    const due = and(inState("delayed"), { op: "lte", column: "run_at", value: now });
    for (;;) {
      const rows = await this.#everyone.findMany({
        table: TABLE,
        columns: READY_COLUMNS,
        where: due,
        orderBy: [{ column: "run_at", direction: "asc" }],
        limit: DUE_BATCH,
      });
      if (rows.length === 0) return;
      const ids = rows.map((row) => row["id"] as string);
      await retried(this.#everyone, (tx) => tx.updateWhere(TABLE, and(due, idIn(ids)), { state: "ready" }));
      offer?.(rows.map(readyOf));
      if (rows.length < DUE_BATCH) return;
    }
  }

  /** What is ready of a tenant, what goes first before the rest. */
  async ready(queue: string, tenant: string, limit: number): Promise<ReadyJob[]> {
    const rows = await this.#everyone.findMany({
      table: TABLE,
      columns: READY_COLUMNS,
      where: and(inState("ready"), is("queue", queue), ofTenant(tenant)),
      orderBy: ORDER,
      limit,
    });
    return rows.map(readyOf);
  }

  /** Gives a worker those that are ready by now. Who comes second finds them running. */
  async claimThese(worker: string, ids: readonly string[]): Promise<ClaimedJob[]> {
    if (ids.length === 0) return [];
    const token = this.#host.newId();
    const patch = { state: "running", token, worker };
    const { count } = await retried(this.#everyone, (tx) =>
      tx.updateWhere(TABLE, and(inState("ready"), idIn(ids)), patch),
    );
    if (count === 0) return [];
    const rows = await this.#everyone.findMany({
      table: TABLE,
      columns: CLAIM_COLUMNS,
      where: and(idIn(ids), is("token", token)),
      orderBy: [],
      limit: ids.length,
    });
    const byId = new Map(rows.map((row) => [row["id"], row]));
    return ids.flatMap((id) => {
      const row = byId.get(id);
      return row ? [claimedOf(row, token)] : [];
    });
  }

  tenants(queue: string, limit: number): Promise<string[]> {
    return this.#tenants(queue, limit, undefined, () => 1);
  }

  /** Tenants with something ready, from the one after the last on, in a circle: a step of the index for each. */
  async #tenants(
    queue: string,
    limit: number,
    last: string | undefined,
    room: (tenant: string) => number,
  ): Promise<string[]> {
    const tenants: string[] = [];
    const walk = async (from: string | undefined, to: string | undefined): Promise<void> => {
      for (let at = from; tenants.length < limit; ) {
        const [row] = await this.#everyone.findMany({
          table: TABLE,
          columns: [TENANT_COLUMN],
          where: and(
            inState("ready"),
            is("queue", queue),
            ...(at === undefined ? [] : [{ op: "gt" as const, column: TENANT_COLUMN, value: at }]),
            ...(to === undefined ? [] : [{ op: "lte" as const, column: TENANT_COLUMN, value: to }]),
          ),
          orderBy: [{ column: TENANT_COLUMN, direction: "asc" }],
          limit: 1,
        });
        if (!row) return;
        at = row[TENANT_COLUMN] as string;
        if (room(at) > 0) tenants.push(at);
      }
    };
    await walk(last, undefined);
    if (last !== undefined) await walk(undefined, last);
    return tenants;
  }

  async #take(
    tx: Transaction,
    queue: string,
    tenants: readonly string[],
    worker: string,
    limit: number,
    room: (tenant: string) => number,
  ): Promise<ClaimedJob[]> {
    const rows: StoredRow[] = [];
    let open = tenants;
    while (open.length > 0 && rows.length < limit) {
      const share = Math.ceil((limit - rows.length) / open.length);
      const more: string[] = [];
      for (const tenant of open) {
        if (rows.length === limit) break;
        const own = rows.filter((row) => row[TENANT_COLUMN] === tenant).length;
        const wanted = Math.min(share, limit - rows.length, room(tenant) - own);
        if (wanted <= 0) continue;
        const found = await tx.findMany({
          table: TABLE,
          columns: CLAIM_COLUMNS,
          where: and(
            inState("ready"),
            is("queue", queue),
            ofTenant(tenant),
            ...(open === tenants ? [] : [not(idIn(rows.map((row) => row["id"] as string)))]),
          ),
          orderBy: ORDER,
          limit: wanted,
          lock: "skip",
        });
        rows.push(...found);
        this.#last.set(queue, tenant);
        if (found.length === wanted) more.push(tenant);
      }
      open = more;
    }
    if (rows.length === 0) return [];
    const token = this.#host.newId();
    const ids = rows.map((row) => row["id"] as string);
    await tx.updateWhere(TABLE, and(inState("ready"), idIn(ids)), { state: "running", token, worker });
    return rows.map((row) => claimedOf(row, token));
  }
}
