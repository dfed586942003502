import { StorageUnavailable } from "../../../errors/storage-errors.js";
import type { Abortable } from "../../../util/abortable.js";
import type { Reach, StoredRow } from "../../adapter.js";
import { isEnded } from "../dialects/postgres-errors.js";
import type {
  Call,
  Engine,
  RawConnection,
  Session,
  Statement,
  TransactionOptions,
  TransactionSession,
} from "../statement.js";
import { inTime, Replica, type Routing } from "./replicas.js";

interface Member {
  readonly engine: Engine;
  readonly replica: Replica;
  /** The server there holds the role to its policies as the primary does. */
  isVerified: boolean;
}

/**
 * A primary with replicas. Whatever writes, and every transaction, is the primary's; single reads go to a replica that
 * has replayed what the work at hand must see, the replicas in turns, and to the primary where none has.
 */
export class ReplicatedEngine implements Engine {
  readonly #primary: Engine;
  readonly #members: readonly Member[];
  readonly #routing: Routing;
  #turn = 0;

  constructor(primary: Engine, replicas: readonly Engine[], routing: Routing) {
    this.#primary = primary;
    this.#members = replicas.map((engine) => ({
      engine,
      replica: new Replica((work) => engine.connection(work)),
      isVerified: false,
    }));
    this.#routing = routing;
  }

  async query(statement: Statement, values: readonly unknown[]): Promise<StoredRow[]> {
    return this.#read(undefined, undefined, (session) => session.query(statement, values));
  }

  async execute(statement: Statement, values: readonly unknown[]): Promise<number> {
    this.#routing.wrote();
    return this.#primary.execute(statement, values);
  }

  async executeAll(calls: readonly Call[]): Promise<number[]> {
    this.#routing.wrote();
    return this.#primary.executeAll(calls);
  }

  within(reach: Reach | undefined, signal?: Abortable): Session {
    if (reach === undefined && signal === undefined) return this;
    const primary = this.#primary.within(reach, signal);
    return {
      query: (statement, values) => this.#read(reach, signal, (session) => session.query(statement, values)),
      execute: (statement, values) => {
        this.#routing.wrote();
        return primary.execute(statement, values);
      },
      executeAll: (calls) => {
        this.#routing.wrote();
        return primary.executeAll(calls);
      },
    };
  }

  transaction<T>(work: (session: TransactionSession) => Promise<T>, options: TransactionOptions): Promise<T> {
    if (!options.readOnly) this.#routing.wrote();
    return this.#primary.transaction(work, options);
  }

  connection<T>(work: (connection: RawConnection) => Promise<T>): Promise<T> {
    return this.#primary.connection(work);
  }

  withLock<T>(work: () => Promise<T>): Promise<T> {
    return this.#primary.withLock(work);
  }

  async verify(): Promise<void> {
    await this.#primary.verify?.();
    for (const member of this.#members) {
      try {
        await verify(member);
      } catch (error) {
        // It may come later, and is looked at then.
        if (!StorageUnavailable.is(error)) throw error;
      }
    }
  }

  reset(): void {
    this.#primary.reset();
    for (const { engine } of this.#members) engine.reset();
  }

  /** The app is ready without its replicas. */
  ping(): Promise<void> {
    return this.#primary.ping();
  }

  async close(): Promise<void> {
    for (const { engine } of this.#members) await engine.close();
    await this.#primary.close();
  }

  async #read(
    reach: Reach | undefined,
    signal: Abortable | undefined,
    read: (session: Session) => StoredRow[] | Promise<StoredRow[]>,
  ): Promise<StoredRow[]> {
    const member = await this.#memberFor();
    if (!member) return read(this.#primary.within(reach, signal));
    try {
      return await read(member.engine.within(reach, signal));
    } catch (error) {
      if (signal?.aborted) {
        // Perhaps it does not answer at all: the next one asks it first.
        member.replica.doubt();
        throw error;
      }
      // The primary would take as long, and the replica is none the worse.
      if (isEnded((error as Error).cause)) throw error;
      // It is gone, the log took away what was being read, or it does not have the schema yet: the primary has all of it.
      if (StorageUnavailable.is(error)) member.replica.failed();
      return read(this.#primary.within(reach, signal));
    }
  }

  async #memberFor(): Promise<Member | undefined> {
    const { after } = this.#routing;
    if (after === undefined) return undefined;
    const first = this.#turn++;
    for (let n = 0; n < this.#members.length; n++) {
      const member = this.#members[(first + n) % this.#members.length] as Member;
      if ((await member.replica.has(after)) && (await isVerified(member))) return member;
    }
    return undefined;
  }
}

async function verify(member: Member): Promise<void> {
  await member.engine.verify?.();
  member.isVerified = true;
}

async function isVerified(member: Member): Promise<boolean> {
  if (!member.isVerified) await inTime(verify(member)).catch(() => member.replica.failed());
  return member.isVerified;
}
