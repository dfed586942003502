import { createHash, type Hash } from "node:crypto";
import type { Clock } from "@corm/core";
import { type Chance, chanceOf } from "./random.js";

/** What code waits for before it goes on: the world decides who is next. */
interface Turn {
  readonly process: Process;
  readonly kind: Kind;
  readonly label: string;
  readonly go: () => void;
}

/** `store` and `begin` reach the database outside of a transaction, `inside` in one; `free` does not reach it. */
export type Kind = "store" | "begin" | "inside" | "free";

/** Something that a process does again and again, one after another. */
export interface Fiber {
  readonly name: string;
  readonly act: () => Promise<unknown>;
}

/** A process as the world sees it. Once it is dead, nothing that it waits for ever comes. */
export class Process {
  readonly name: string;
  isAlive = true;
  /** It starts, undisturbed. */
  isStarting = true;
  /** The world's instant up to which it stands still. */
  frozenUntil = 0;
  fibers: readonly Fiber[] = [];
  readonly busy = new Set<string>();
  /** Rejects when it dies: for transactions, which are rolled back then. */
  readonly died: Promise<never>;
  kill: () => void = () => {};

  constructor(name: string) {
    this.name = name;
    this.died = new Promise((_, reject) => {
      this.kill = () => {
        this.isAlive = false;
        reject(new Died());
      };
    });
    this.died.catch(() => {});
  }
}

/** Why a transaction of a dead process is rolled back. */
export class Died extends Error {}

/** Something that must never be. */
export class Violation extends Error {}

export interface Faults {
  /** Shares, 0 to 1, of the turns. */
  readonly crash: number;
  readonly freeze: number;
  readonly conflict: number;
}

export const USUAL: Faults = { crash: 0.004, freeze: 0.004, conflict: 0.01 };

const START = Date.UTC(2026, 0, 5, 9);
const FREEZE_MS = 12_000;
/** Rounds of the event loop in which nothing comes any more, after which all wait for the world. */
const CALM = 3;
const STUCK = 2000;

/**
 * One thread of chance for everything that happens: which of the waiting goes on, which process dies or stands still, how
 * time passes. The same seed does the same again.
 */
export class World {
  readonly chance: Chance;
  readonly clock: Clock;
  readonly counts = { steps: 0, crashes: 0, freezes: 0, conflicts: 0 };
  readonly #trace: Hash = createHash("sha256");
  readonly #log: string[] | undefined;
  #turns: Turn[] = [];
  #arrived = 0;
  #faults: Faults;
  #elapsed = 0;
  /** Who has the transaction that is open: the store has one at a time. */
  inTransaction: Process | undefined;
  processes: Process[] = [];

  constructor(seed: number, faults: Faults = USUAL, log = false) {
    this.chance = chanceOf(seed);
    this.#faults = faults;
    this.#log = log ? [] : undefined;
    this.clock = { now: () => START + this.#elapsed, elapsed: () => this.#elapsed };
  }

  get elapsed(): number {
    return this.#elapsed;
  }
  get log(): readonly string[] {
    return this.#log ?? [];
  }
  /** What happened, in one number: equal for runs that did the same. */
  digest(): string {
    return this.#trace.copy().digest("hex").slice(0, 16);
  }

  note(text: string): void {
    this.#trace.update(`${text}\n`);
    this.#log?.push(`${(this.#elapsed / 1000).toFixed(3)} ${text}`);
  }

  /** Comes when the world lets this go on; never for who is dead. */
  turn(process: Process, kind: Kind, label: string): Promise<void> {
    if (process.isStarting && process.isAlive) return Promise.resolve();
    return new Promise((go) => {
      this.#arrived += 1;
      if (process.isAlive) this.#turns.push({ process, kind, label, go });
    });
  }

  /** Whether the store gives this up for another one. */
  isConflict(): boolean {
    const is = this.#faults.conflict > 0 && this.chance.is(this.#faults.conflict);
    if (is) this.counts.conflicts += 1;
    return is;
  }

  /** From now on all goes well, and those that stand still go on. */
  calm(): void {
    this.#faults = { crash: 0, freeze: 0, conflict: 0 };
    for (const process of this.processes) process.frozenUntil = 0;
    this.note("calm");
  }

  pass(ms: number): void {
    this.#elapsed += ms;
  }

  /** One thing happens. Answers false where nothing can. */
  async step(): Promise<boolean> {
    await this.#quiet();
    this.counts.steps += 1;
    this.#turns = this.#turns.filter(({ process }) => process.isAlive);
    const able = this.#turns.filter((turn) => this.#isAble(turn));
    const idle = this.processes.flatMap((process) =>
      process.isAlive && this.#elapsed >= process.frozenUntil
        ? process.fibers.filter(({ name }) => !process.busy.has(name)).map((fiber) => ({ process, fiber }))
        : [],
    );
    if (able.length > 0 && (idle.length === 0 || this.chance.is(0.85))) this.#resume(this.chance.pick(able));
    else if (idle.length > 0) this.#begin(this.chance.pick(idle));
    else return this.#thaw();
    if (this.chance.is(0.2)) this.pass(this.chance.below(400));
    return true;
  }

  /** Runs the fibers of these names, one after another without faults, until they end. */
  async settle(): Promise<void> {
    for (let steps = 0; steps < 200_000; steps++) {
      await this.#quiet();
      this.#turns = this.#turns.filter(({ process }) => process.isAlive);
      const able = this.#turns.filter((turn) => this.#isAble(turn));
      if (able.length === 0) {
        if (this.processes.some(({ isAlive, busy }) => isAlive && busy.size > 0))
          throw new Violation("somebody waits for what never comes");
        return;
      }
      this.#resume(this.chance.pick(able));
    }
    throw new Violation("it does not come to an end");
  }

  #isAble({ process, kind }: Turn): boolean {
    if (this.#elapsed < process.frozenUntil) return false;
    if (kind === "free") return true;
    return this.inTransaction ? kind === "inside" && this.inTransaction === process : kind !== "inside";
  }

  #resume(turn: Turn): void {
    const { process, kind, label, go } = turn;
    if (this.chance.is(this.#faults.crash)) {
      this.counts.crashes += 1;
      this.note(`${process.name} dies at ${label}`);
      process.kill();
      return;
    }
    // Whoever stands still in a transaction would hold up the only connection: that is for tests on servers.
    if (kind === "free" && this.chance.is(this.#faults.freeze * 10)) {
      this.counts.freezes += 1;
      process.frozenUntil = this.#elapsed + this.chance.below(FREEZE_MS);
      this.note(`${process.name} stands still at ${label}`);
      return;
    }
    this.#turns.splice(this.#turns.indexOf(turn), 1);
    this.note(`${process.name} ${label}`);
    go();
  }

  #begin({ process, fiber }: { process: Process; fiber: Fiber }): void {
    this.note(`${process.name} begins to ${fiber.name}`);
    process.busy.add(fiber.name);
    void fiber.act().finally(() => process.busy.delete(fiber.name));
  }

  /** Time passes until somebody who stands still goes on. */
  #thaw(): boolean {
    const frozen = this.processes.filter(
      ({ isAlive, frozenUntil }) => isAlive && frozenUntil > this.#elapsed,
    );
    if (frozen.length === 0) return false;
    this.pass(Math.min(...frozen.map(({ frozenUntil }) => frozenUntil)) - this.#elapsed);
    return true;
  }

  /** Until nothing happens without the world. */
  async #quiet(): Promise<void> {
    for (let calm = 0, rounds = 0; calm < CALM; rounds++) {
      const before = this.#arrived;
      await new Promise((resolve) => setImmediate(resolve));
      calm = this.#arrived === before ? calm + 1 : 0;
      if (rounds > STUCK) throw new Violation("it never becomes quiet");
    }
  }
}
