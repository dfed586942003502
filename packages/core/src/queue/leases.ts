import type { JobHost, ReadyJob } from "../jobs/job-engine.js";
import type { BoundStorage, StoredRow } from "../storage/adapter.js";
import { and } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { inState, is, READY_COLUMNS, readyOf, TABLE } from "./job-row.js";

const BATCH = 500;
/** A job that takes its process along each time must not go on for ever. Deployments end processes as well. */
const MAX_STALLS = 20;

interface Seen {
  readonly token: string;
  readonly beats: number;
  /** By this process's own passing of time. */
  readonly since: number;
}

/**
 * Takes back what silent workers had. Leases have no dates: whoever sees that a job's beats have not moved for as long as
 * its lease, measured by his own monotonic clock, takes it back. So no clock that is set, and no two that differ, end a
 * lease early or late.
 */
export class Leases {
  readonly #host: JobHost;
  readonly #ready: (jobs: readonly ReadyJob[]) => void;
  readonly #everyone: BoundStorage;
  #seen = new Map<string, Seen>();

  constructor(host: JobHost, ready: (jobs: readonly ReadyJob[]) => void) {
    this.#host = host;
    this.#ready = ready;
    this.#everyone = host.storage.acrossTenants("take jobs back from workers that are gone");
  }

  /** Answers those that have died of it, for their lanes. */
  async takeBack(keptUntil: string): Promise<StoredRow[]> {
    const now = this.#elapsed();
    const seen = new Map<string, Seen>();
    const silent: StoredRow[] = [];
    for await (const row of this.#running()) {
      const id = row["id"] as string;
      const token = row["token"] as string;
      const beats = row["beats"] as number;
      const before = this.#seen.get(id);
      const same = before && before.token === token && before.beats === beats;
      const entry = same ? before : { token, beats, since: now };
      seen.set(id, entry);
      if (now - entry.since >= (row["lease"] as number)) silent.push(row);
    }
    this.#seen = seen;
    const dead: StoredRow[] = [];
    for (const row of silent) {
      const isDead = (row["stalls"] as number) + 1 >= MAX_STALLS;
      const where = and(
        is("id", row["id"] as string),
        is("token", row["token"] as string),
        is("beats", row["beats"] as number),
        inState("running"),
      );
      const end = {
        state: "dead",
        seat: null,
        error: `its process ended each of ${MAX_STALLS} times`,
        finished_at: toInstant(this.#host.clock.now()),
        expires_at: keptUntil,
      };
      const { count } = await this.#everyone.updateWhere(TABLE, where, {
        token: null,
        worker: null,
        stalls: { add: 1 },
        ...(isDead ? end : { state: "ready" }),
      });
      if (count === 0) continue;
      if (isDead) dead.push(row);
      else this.#ready([readyOf(row)]);
    }
    return dead;
  }

  async *#running(): AsyncGenerator<StoredRow> {
    for (let after: string | undefined; ; ) {
      const rows = await this.#everyone.findMany({
        table: TABLE,
        columns: [...READY_COLUMNS, "token", "beats", "lease", "stalls", "lane"],
        where: inState("running"),
        orderBy: [{ column: "id", direction: "asc" }],
        ...(after === undefined ? {} : { after: [after] }),
        limit: BATCH,
      });
      yield* rows;
      if (rows.length < BATCH) return;
      after = rows[rows.length - 1]?.["id"] as string;
    }
  }

  #elapsed(): number {
    const { clock } = this.#host;
    return clock.elapsed?.() ?? clock.now();
  }
}
