import { Worker } from "node:worker_threads";
import type { Statement } from "../statement.js";
import type { ReadAnswer, ReaderData, ReadRequest } from "./sqlite-reader.js";

type Rows = readonly (readonly unknown[])[];

/** A read that took so long is made beside the main thread from then on; one that takes so little, in it again. */
const SLOW_MS = 4;
const FAST_MS = 1;
/** Threads: a report that takes a minute holds up one other, not all. */
const MOST_THREADS = 2;

interface Waiting {
  readonly request: ReadRequest;
  readonly signal: AbortSignal | undefined;
  readonly done: (answer: ReadAnswer | { readonly lost: unknown }) => void;
}

/**
 * SQLite reads in the thread that asks. What takes long would stop every other request meanwhile: a statement that was
 * seen to be slow is run in a thread of its own. How long a statement takes is known by its shape, or else by the last one
 * that read the same table in the same way.
 */
export class SlowReads {
  private readonly paces = new WeakMap<Statement, number>();
  private readonly byKind = new Map<string, number>();
  private readonly threads = new Set<Worker>();
  private readonly idle: Worker[] = [];
  private readonly waiting: Waiting[] = [];
  /** Threads cannot be had here, such as where an app is bundled into one file. */
  private unusable = false;
  private closed = false;

  constructor(
    private readonly data: ReaderData,
    private readonly startThread: (data: ReaderData) => Worker = startReader,
  ) {}

  /** Whether a statement is one to run aside. */
  takes(statement: Statement): boolean {
    if (this.unusable || this.byKind.size === 0) return false;
    const pace = this.paces.get(statement) ?? this.byKind.get(kindOf(statement)) ?? 0;
    return pace >= SLOW_MS;
  }

  /** Takes note of how long a statement took in the main thread. */
  took(statement: Statement, ms: number): void {
    if (ms < SLOW_MS) return;
    this.paces.set(statement, ms);
    this.byKind.set(kindOf(statement), ms);
  }

  /**
   * The rows in column order; undefined where no thread can be had.
   *
   * @throws what the driver says, or the reason of the signal: the caller does not wait for what cannot be broken off
   */
  async rows(
    statement: Statement,
    values: readonly unknown[],
    signal: AbortSignal | undefined,
  ): Promise<Rows | undefined> {
    const answer = await this.ask({ sql: statement.sql, values }, signal);
    if ("lost" in answer) return undefined;
    if ("error" in answer) {
      const { message, code, errcode } = answer.error;
      throw Object.assign(new Error(message), { code, errcode });
    }
    this.paces.set(statement, answer.ms < FAST_MS ? 0 : Math.max(answer.ms, SLOW_MS));
    if (answer.ms < FAST_MS) this.byKind.delete(kindOf(statement));
    return answer.rows;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const { done } of this.waiting.splice(0)) done({ lost: undefined });
    await Promise.all([...this.threads].map((thread) => thread.terminate()));
  }

  private ask(
    request: ReadRequest,
    signal: AbortSignal | undefined,
  ): Promise<Parameters<Waiting["done"]>[0]> {
    if (this.unusable || this.closed) return Promise.resolve({ lost: undefined });
    return new Promise((resolve, reject) => {
      const aborted = () => reject(signal?.reason);
      signal?.addEventListener("abort", aborted, { once: true });
      const done: Waiting["done"] = (answer) => {
        signal?.removeEventListener("abort", aborted);
        resolve(answer);
      };
      this.waiting.push({ request, signal, done });
      this.next();
    });
  }

  private next(): void {
    if (this.waiting.length === 0) return;
    const thread = this.idle.pop();
    if (thread) this.give(thread);
    else if (this.threads.size < MOST_THREADS) this.start();
  }

  /** The oldest that somebody still waits for. */
  private give(thread: Worker): void {
    let work = this.waiting.shift();
    while (work?.signal?.aborted) work = this.waiting.shift();
    if (!work) {
      this.idle.push(thread);
      // An idle thread does not keep the process alive.
      thread.unref();
      return;
    }
    const { request, done } = work;
    thread.ref();
    const ended = (answer: Parameters<typeof done>[0]): void => {
      thread.off("message", answered);
      thread.off("exit", died);
      done(answer);
    };
    const answered = (answer: ReadAnswer): void => {
      ended(answer);
      this.give(thread);
    };
    const died = (): void => ended({ lost: undefined });
    thread.on("message", answered);
    thread.on("exit", died);
    thread.postMessage(request);
  }

  private start(): void {
    const thread = this.startThread(this.data);
    this.threads.add(thread);
    thread.once("message", () => this.give(thread));
    thread.once("error", (error) => this.giveUp(error));
    thread.once("exit", () => {
      this.threads.delete(thread);
      const at = this.idle.indexOf(thread);
      if (at >= 0) this.idle.splice(at, 1);
    });
  }

  private giveUp(error: Error): void {
    if (this.closed || this.unusable) return;
    this.unusable = true;
    process.emitWarning(
      `Slow reads of SQLite go on in the main thread, since a thread for them failed: ${error.message}`,
      { code: "CORM_SQLITE_THREAD" },
    );
    for (const { done } of this.waiting.splice(0)) done({ lost: error });
  }
}

const kindOf = ({ operation, table }: Statement): string => `${operation} ${table}`;

/** Beside this module when it is built; from source, the thread has to learn how to read TypeScript first. */
function startReader(workerData: ReaderData): Worker {
  if (!import.meta.url.endsWith(".ts"))
    return new Worker(new URL("./sqlite-reader.js", import.meta.url), { workerData });
  const file = new URL("./sqlite-reader.ts", import.meta.url).href;
  const script = `import("tsx/esm/api").then((tsx) => { tsx.register(); return import(${JSON.stringify(file)}); })`;
  return new Worker(script, { workerData, eval: true, execArgv: [] });
}
