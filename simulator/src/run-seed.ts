import { type AnyPlugin, createCrm } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import type { App, Play, Scenario } from "./scenario.js";
import { storeOf } from "./store.js";
import { type Faults, Process, Violation, World } from "./world.js";

export interface SeedResult {
  readonly scenario: string;
  readonly seed: number;
  /** Null where all held. */
  readonly violation: string | null;
  /** Equal for runs that did the same. */
  readonly digest: string;
  readonly steps: number;
  readonly crashes: number;
  readonly freezes: number;
  readonly conflicts: number;
  /** Milliseconds that passed in the world. */
  readonly elapsed: number;
  readonly log: readonly string[];
}

/** Errors that code may have of faults: those that Corm names, and those that were made. */
export function isFault(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isFault);
  const { code, name, message } = error as { code?: unknown; name?: string; message?: string };
  return typeof code === "string" || name === "Fault" || message?.startsWith("Redis has lost") === true;
}

/** Plays a scenario as the seed wills, and says what did not hold. */
export async function runSeed(
  scenario: Scenario,
  seed: number,
  { faults, log = false }: { readonly faults?: Faults; readonly log?: boolean } = {},
): Promise<SeedResult> {
  const world = new World(seed, faults, log);
  const storage = sqlite(":memory:", { acquireTimeout: 600_000 });
  let violation: string | null = null;
  const apps: App[] = [];
  try {
    await play(world, scenario, storage, seed, apps);
  } catch (error) {
    violation = error instanceof Violation ? error.message : String((error as Error)?.stack ?? error);
  } finally {
    for (const process of world.processes) process.kill();
    await new Promise((resolve) => setImmediate(resolve));
    await storage.close();
    // Of apps that were never stopped: promises would drag all of these along.
    for (const { runtime } of apps) runtime.guard.disable();
  }
  const { elapsed } = world;
  return {
    scenario: scenario.name,
    seed,
    violation,
    digest: world.digest(),
    ...world.counts,
    elapsed,
    log: world.log,
  };
}

async function play(
  world: World,
  scenario: Scenario,
  storage: ReturnType<typeof sqlite>,
  seed: number,
  apps: App[],
): Promise<void> {
  const unexpected: unknown[] = [];
  const played: Play = scenario.play(world, storage);
  let started = 0;
  const start = async (slot: number): Promise<App> => {
    const number = started++;
    const process = new Process(`p${slot}.${number}`);
    const crm = await createCrm<AnyPlugin[]>({
      storage:
        number === 0 ? firstOf(storeOf(world, process, storage), storage) : storeOf(world, process, storage),
      plugins: played.plugins(process),
      secret: "a secret of simulations, forty characters.",
      // Anybody can read it here.
      encryption: { keys: { simulated: "qH3v0Zk1nV9c2Jx7Lw5sT8yUbR4eGdMfPaXoKiNzQ6E=" } },
      clock: world.clock,
      random: randomOf(seed * 1000 + number),
      migrate: number === 0 ? "apply" : "off",
      onError: (error) => {
        if (!isFault(error)) unexpected.push(error);
      },
      ...(played.engine ? { jobs: { engine: played.engine } } : {}),
    });
    apps.push(crm);
    if (number === 0) await played.prepare?.(crm);
    process.fibers = played.fibers(crm, process).map(({ name, act }) => ({
      name,
      act: () =>
        act().catch((error: unknown) => {
          if (!isFault(error)) unexpected.push(error);
        }),
    }));
    process.isStarting = false;
    world.processes[slot] = process;
    world.note(`${process.name} starts`);
    return crm;
  };
  let crm: App | undefined;
  for (let slot = 0; slot < scenario.processes; slot++) crm = await start(slot);
  for (let steps = 0; !played.isOver(); steps++) {
    if (steps > 100_000) throw new Violation("the scenario does not come to an end");
    // A start reads the keys of encryption: from one connection, on which somebody may be inside of a transaction.
    if (world.inTransaction === undefined)
      for (const [slot, { isAlive }] of world.processes.entries()) if (!isAlive) await start(slot);
    if (!(await world.step())) world.pass(500);
  }
  world.calm();
  await world.settle();
  for (const process of world.processes) process.fibers = [];
  // Those that live may not have what is asked for: a fresh one does.
  crm = await start(0);
  (world.processes[0] as Process).isStarting = true;
  for (let rounds = 0; await played.finish(crm); rounds++) {
    if (rounds > 200) throw new Violation("it never becomes quiet: something is left that nobody does");
  }
  if (unexpected.length > 0)
    throw new Violation(`unexpected: ${String((unexpected[0] as Error)?.stack ?? unexpected[0])}`);
  await played.check(crm);
}

/** The first one opens the database for all. */
function firstOf(own: ReturnType<typeof storeOf>, storage: ReturnType<typeof sqlite>) {
  return { ...own, open: storage.open.bind(storage) };
}

function randomOf(seed: number): (size: number) => Uint8Array {
  let state = (Math.imul(seed, 2_654_435_761) ^ 0x9e3779b9) >>> 0;
  return (size) => {
    const bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      bytes[i] = state >>> 24;
    }
    return bytes;
  };
}
