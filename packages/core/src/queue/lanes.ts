import { UniqueViolation } from "../errors/storage-errors.js";
import type { JobHost, ReadyJob } from "../jobs/job-engine.js";
import type { BoundStorage } from "../storage/adapter.js";
import { and, not } from "../storage/filter.js";
import { toInstant } from "../util/clock.js";
import { inState, is, READY_COLUMNS, readyOf, TABLE, waiting } from "./job-row.js";

const SWEPT_LANES = 100;

/**
 * Jobs with a key are blocked until they have one of the seats of their lane. A seat is unique in the database, so that
 * two never sit in one, whatever else goes wrong. Seats are given after the commit of whoever makes a job, and after the
 * commit of whoever leaves a seat: each first commits and then looks, so that one of two sees the other.
 */
export class Lanes {
  readonly #host: JobHost;
  readonly #ready: (jobs: readonly ReadyJob[]) => void;
  readonly #everyone: BoundStorage;

  constructor(host: JobHost, ready: (jobs: readonly ReadyJob[]) => void) {
    this.#host = host;
    this.#ready = ready;
    this.#everyone = host.storage.acrossTenants("give the seats of lanes of jobs");
  }

  /** Gives what seats are free to those that have waited longest. */
  async advance(lane: string): Promise<void> {
    for (;;) {
      const [next] = await this.#everyone.findMany({
        table: TABLE,
        columns: [...READY_COLUMNS, "seats", "run_at"],
        where: and(is("lane", lane), inState("blocked")),
        orderBy: [{ column: "id", direction: "asc" }],
        limit: 1,
      });
      if (!next) return;
      const seat = await this.#freeSeat(lane, next["seats"] as number);
      if (seat === undefined) return;
      const state = waiting(next["run_at"] as string, toInstant(this.#host.clock.now()));
      const where = and(is("id", next["id"] as string), inState("blocked"));
      try {
        const { count } = await this.#everyone.updateWhere(TABLE, where, { state, seat });
        if (count === 1 && state === "ready") this.#ready([readyOf(next)]);
      } catch (error) {
        // Somebody else has just taken the seat: look again.
        if (!UniqueViolation.is(error)) throw error;
      }
    }
  }

  /** Lanes that nobody sits in although somebody waits: their process ended between its commit and its look. */
  async advanceStuck(): Promise<void> {
    const rows = await this.#everyone.findMany({
      table: TABLE,
      columns: ["lane"],
      where: and(
        inState("blocked"),
        not({
          op: "exists",
          table: TABLE,
          local: "lane",
          foreign: "lane",
          where: { op: "null", column: "seat", is: false },
        }),
      ),
      orderBy: [{ column: "id", direction: "asc" }],
      limit: SWEPT_LANES,
    });
    for (const lane of new Set(rows.map((row) => row["lane"] as string))) await this.advance(lane);
  }

  async #freeSeat(lane: string, seats: number): Promise<string | undefined> {
    const rows = await this.#everyone.findMany({
      table: TABLE,
      columns: ["seat"],
      where: and(is("lane", lane), { op: "null", column: "seat", is: false }),
      orderBy: [],
      limit: seats + 1,
    });
    const taken = new Set(rows.map((row) => row["seat"] as string));
    for (let seat = 0; seat < seats; seat++) if (!taken.has(`${lane}:${seat}`)) return `${lane}:${seat}`;
    return undefined;
  }
}
