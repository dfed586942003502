import type { AnyPlugin, Crm, JobEngineFactory, StorageAdapter } from "@corm/core";
import type { Fiber, Process, World } from "./world.js";

export type App = Crm<AnyPlugin[]>;

/** One run of a scenario. */
export interface Play {
  plugins(process: Process): AnyPlugin[];
  readonly engine?: JobEngineFactory;
  /** Once, before anything goes wrong. */
  prepare?(crm: App): Promise<void>;
  /** What a process does. */
  fibers(crm: App, process: Process): readonly Fiber[];
  /** Whether enough was begun. */
  isOver(): boolean;
  /** All is well now: does what is left, once. Answers whether there was anything, or will be after a while. */
  finish(crm: App): Promise<boolean>;
  /** What must hold at the end. @throws Violation */
  check(crm: App): Promise<void>;
}

export interface Scenario {
  readonly name: string;
  readonly processes: number;
  play(world: World, storage: StorageAdapter): Play;
}
