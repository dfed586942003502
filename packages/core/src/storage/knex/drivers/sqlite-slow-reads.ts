import { type ChildProcess, fork } from "node:child_process";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Abortable } from "../../../util/abortable.js";
import type { Statement } from "../statement.js";
import type { ReadAnswer, ReaderData, ReadRequest } from "./sqlite-reader.js";

type Rows = readonly (readonly unknown[])[];
/** No rows: there is nobody who could read them aside. */
type Outcome = ReadAnswer | "lost";

/** A read that took so long is made aside from then on; one that takes so little, in the app again. */
const SLOW_MS = 4;
const FAST_MS = 1;
/** One that takes less than this has to be slow twice: it may have been the machine that was busy. */
const CERTAIN_MS = 40;
/** A report that takes a minute holds up one other, not all. */
const MOST_READERS = 2;

interface Waiting {
  readonly request: ReadRequest;
  readonly signal: Abortable | undefined;
  readonly settle: (outcome: Outcome) => void;
  settled: boolean;
}

/**
 * SQLite reads in the thread that asks. What takes long would stop every other request meanwhile: a statement that was
 * seen to be slow is run in a process of its own. Not in a thread: a read cannot be broken off but by ending what runs it,
 * and ending a thread inside of a driver ends the app with it. How long a statement takes is known by its shape, or else
 * by the last one that read the same table in the same way.
 */
export class SlowReads {
  private readonly paces = new WeakMap<Statement, number>();
  private readonly byKind = new Map<string, number>();
  /** Slow when they were run last, and not certain to be slow. */
  private readonly suspects = new WeakSet<Statement>();
  private readonly readers = new Set<ChildProcess>();
  private readonly idle: ChildProcess[] = [];
  private readonly waiting: Waiting[] = [];
  private readonly data: ReaderData;
  /** Processes cannot be had here, such as where an app is bundled into one file or may start none. */
  private unusable = false;
  private closed = false;

  constructor(
    data: ReaderData,
    private readonly startReader: (data: ReaderData) => ChildProcess = forkReader,
  ) {
    // Where the app was when it opened the file, wherever it goes.
    this.data = { ...data, path: resolve(data.path) };
  }

  /** Whether a statement is one to run aside. */
  takes(statement: Statement): boolean {
    if (this.unusable || this.byKind.size === 0) return false;
    const pace = this.paces.get(statement) ?? this.byKind.get(kindOf(statement)) ?? 0;
    return pace >= SLOW_MS;
  }

  /** Takes note of how long a statement took in the app. */
  took(statement: Statement, ms: number): void {
    if (ms < SLOW_MS) {
      this.suspects.delete(statement);
      return;
    }
    if (ms < CERTAIN_MS && !this.suspects.has(statement)) {
      this.suspects.add(statement);
      return;
    }
    this.paces.set(statement, ms);
    this.byKind.set(kindOf(statement), ms);
  }

  /**
   * The rows in column order; undefined where they have to be read in the app.
   *
   * @throws what the driver says, or the reason of the signal, by which the read is broken off
   */
  async rows(
    statement: Statement,
    values: readonly unknown[],
    signal: Abortable | undefined,
  ): Promise<Rows | undefined> {
    const outcome = await this.ask({ sql: statement.sql, values }, signal);
    if (outcome === "lost") return undefined;
    if ("error" in outcome) {
      const { message, code, errcode } = outcome.error;
      throw Object.assign(new Error(message), { code, errcode });
    }
    this.paces.set(statement, outcome.ms < FAST_MS ? 0 : Math.max(outcome.ms, SLOW_MS));
    if (outcome.ms < FAST_MS) this.byKind.delete(kindOf(statement));
    return outcome.rows;
  }

  /** Breaks off what is being read. */
  async close(): Promise<void> {
    this.closed = true;
    this.loseAll();
    const ended = [...this.readers].map((reader) => {
      // Idle ones do not keep the app alive, which would end while it waits for them.
      hold(reader, true);
      const gone = new Promise((resolve) => reader.once("exit", resolve));
      return reader.kill("SIGKILL") ? gone : undefined;
    });
    await Promise.all(ended);
  }

  private ask(request: ReadRequest, signal: Abortable | undefined): Promise<Outcome> {
    signal?.throwIfAborted();
    if (this.unusable || this.closed) return Promise.resolve("lost");
    return new Promise((done, reject) => {
      const aborted = () => {
        work.settled = true;
        reject(signal?.reason);
      };
      const work: Waiting = {
        request,
        signal,
        settled: false,
        settle: (outcome) => {
          signal?.removeEventListener("abort", aborted);
          work.settled = true;
          done(outcome);
        },
      };
      signal?.addEventListener("abort", aborted, { once: true });
      this.waiting.push(work);
      this.next();
    });
  }

  private next(): void {
    if (this.waiting.length === 0) return;
    const reader = this.idle.pop();
    if (reader) this.give(reader);
    else if (this.readers.size < MOST_READERS) this.start();
  }

  /** The oldest that somebody still waits for. */
  private give(reader: ChildProcess): void {
    let work = this.waiting.shift();
    while (work?.settled) work = this.waiting.shift();
    if (!work) {
      this.idle.push(reader);
      // An idle reader does not keep the app alive.
      hold(reader, false);
      return;
    }
    hold(reader, true);
    this.read(reader, work);
  }

  private read(reader: ChildProcess, { request, signal, settle }: Waiting): void {
    const leave = (): void => {
      reader.off("message", answered);
      reader.off("exit", died);
      signal?.removeEventListener("abort", kill);
    };
    const answered = (answer: unknown): void => {
      leave();
      settle(answer as ReadAnswer);
      this.give(reader);
    };
    const died = (): void => {
      leave();
      if (!signal?.aborted) settle("lost");
    };
    // Nobody waits for it any more: it stops, and the next one gets a new reader.
    const kill = (): void => void reader.kill("SIGKILL");
    reader.on("message", answered);
    reader.on("exit", died);
    signal?.addEventListener("abort", kill, { once: true });
    try {
      reader.send(request, (error) => {
        if (error) reader.kill("SIGKILL");
      });
    } catch {
      // Values that cannot be sent are read in the app.
      leave();
      settle("lost");
      this.give(reader);
    }
  }

  private start(): void {
    let reader: ChildProcess;
    try {
      reader = this.startReader(this.data);
    } catch (error) {
      this.giveUp(error);
      return;
    }
    this.readers.add(reader);
    let ready = false;
    reader.once("message", () => {
      ready = true;
      this.give(reader);
    });
    reader.once("error", (error) => this.giveUp(error));
    reader.once("exit", (code) => {
      this.readers.delete(reader);
      const at = this.idle.indexOf(reader);
      if (at >= 0) this.idle.splice(at, 1);
      if (ready) this.next();
      // Somebody has killed it, or memory is short: this time they are read in the app.
      else if (code === null) this.loseAll();
      else this.giveUp(new Error(`the reader ended with ${code} before it could read`));
    });
  }

  private giveUp(error: unknown): void {
    if (this.closed || this.unusable) return;
    this.unusable = true;
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(
      `Slow reads of SQLite stop other requests, since no process can be had for them: ${reason}`,
      {
        code: "CORM_SQLITE_READER",
      },
    );
    this.loseAll();
  }

  private loseAll(): void {
    for (const work of this.waiting.splice(0)) if (!work.settled) work.settle("lost");
  }
}

const kindOf = ({ operation, table }: Statement): string => `${operation} ${table}`;

function hold(reader: ChildProcess, on: boolean): void {
  if (on) {
    reader.ref();
    reader.channel?.ref();
  } else {
    reader.unref();
    reader.channel?.unref();
  }
}

/** Beside this module when it is built; from source, the process has to read TypeScript. */
function forkReader(data: ReaderData): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(
    new URL(fromSource ? "./sqlite-reader.ts" : "./sqlite-reader.js", import.meta.url),
  );
  return fork(file, [JSON.stringify(data)], {
    serialization: "advanced",
    execArgv: fromSource ? ["--import", "tsx"] : [],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
}
