import { AsyncLocalStorage } from "node:async_hooks";
import type { ReadAfter, ReadReplicas, ReplicaReads } from "../../adapter.js";
import type { RawConnection } from "../statement.js";

/** A place in the log of the server: bytes from its beginning. */
type Place = bigint;

const PLACE = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/;

/** PostgreSQL's `X/Y`, or null where it is none. */
export function placeOf(text: string): Place | null {
  const parts = PLACE.exec(text.toUpperCase());
  return parts && (BigInt(`0x${parts[1]}`) << 32n) + BigInt(`0x${parts[2]}`);
}

/** A replica that failed is left alone for so many milliseconds. */
const REST_MS = 5000;
/** So long a replica may take to say how it is; its readers wait for that. */
const ANSWER_MS = 2000;

/** @throws where it takes longer than readers are to wait */
export async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ANSWER_MS} ms`)), ANSWER_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is known of one replica. */
export class Replica {
  /** It never goes back but with another server behind the address; then it answers errors or none. */
  #replayed: Place = -1n;
  #asking: Promise<void> | undefined;
  #restsUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly connection: <T>(work: (raw: RawConnection) => Promise<T>) => Promise<T>,
    private readonly elapsed: () => number = () => performance.now(),
  ) {}

  get isUsable(): boolean {
    return this.elapsed() >= this.#restsUntil;
  }

  /** It did not answer, or not as a replica does. */
  failed(): void {
    this.#restsUntil = this.elapsed() + REST_MS;
    this.#replayed = -1n;
  }

  /** Forgets how far it is: it is asked before the next read. */
  doubt(): void {
    this.#replayed = -1n;
  }

  /** Whether it has replayed the log so far. Asks it where that is not known yet; those who ask at one moment ask once. */
  async has(place: Place): Promise<boolean> {
    if (!this.isUsable) return false;
    if (this.#replayed >= place) return true;
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
    return this.#replayed >= place;
  }

  async #ask(): Promise<void> {
    try {
      const [row] = await inTime(
        this.connection(async (raw) =>
          raw.query("select pg_last_wal_replay_lsn()::text as place where pg_is_in_recovery()"),
        ),
      );
      const place = row && placeOf(String(row["place"]));
      // It was promoted, or is a server of its own: what it has is not what the primary wrote.
      if (place == null) this.failed();
      else this.#replayed = place;
    } catch {
      this.failed();
    }
  }
}

/** What the work at hand may read where. */
interface Reading {
  /** Undefined: from the primary, also because it has written itself. */
  after: Place | undefined;
  wrote: boolean;
}

/** Where reads go, by the work that they belong to. */
export class Routing implements ReadReplicas {
  readonly #readings = new AsyncLocalStorage<Reading>();
  readonly #end: () => Promise<string>;

  /** @param end where the log of the primary ends by now */
  constructor(end: () => Promise<string>) {
    this.#end = end;
  }

  run<T>(after: ReadAfter, work: (reads: ReplicaReads) => T): T {
    const reading: Reading = { after: startOf(after), wrote: false };
    const written = async (): Promise<string | null> => (reading.wrote ? this.#end() : null);
    return this.#readings.run(reading, () => work({ written }));
  }

  /** How far a replica must be for a read of the work at hand; undefined where only the primary will do. */
  get after(): Place | undefined {
    return this.#readings.getStore()?.after;
  }

  /** The work at hand writes: whatever it reads from now on it reads where that is. */
  wrote(): void {
    const reading = this.#readings.getStore();
    if (!reading) return;
    reading.wrote = true;
    reading.after = undefined;
  }
}

function startOf(after: ReadAfter): Place | undefined {
  if (after === "primary") return undefined;
  if (after === "any") return 0n;
  // What is no place may have been one of something that was written.
  return placeOf(after) ?? undefined;
}
