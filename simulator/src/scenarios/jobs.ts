import {
  type AnyPlugin,
  type Context,
  defineEntity,
  defineJob,
  definePlugin,
  type JobHandle,
  type JobRun,
  Type,
} from "@corm/core";
import type { App, Play, Scenario } from "../scenario.js";
import { type Process, Violation, type World } from "../world.js";
import { fault } from "./fault.js";

const cause = defineEntity("cause", { fields: { label: Type.String({ maxLength: 80 }) } });
const effect = defineEntity("effect", {
  fields: {
    label: Type.String({ maxLength: 80 }),
    /** When it happened, among all. */
    place: Type.Integer(),
  },
});

const LEASE = 3000;
const WANTED = 24;
const MOST = 400;
const TENANTS = ["a", "b"];

interface Input {
  readonly label: string;
  readonly children: number;
}
const input = Type.Object({ label: Type.String(), children: Type.Integer() });
const common = { input, lease: LEASE, attempts: 200, backoff: { initial: 50, max: 500 } };
const exact: JobHandle<Input> = { name: "sim.exact" };
const loose: JobHandle<Input> = { name: "sim.loose" };

/** Jobs of several tenants and processes: made with their causes, with keys, delays and children; each happens once. */
export const jobs: Scenario = { name: "jobs", processes: 3, play: playOf };

function playOf(world: World): Play {
  let begun = 0;
  let place = 0;
  const failsOnce = (attempt: number): boolean => attempt < 4 && world.chance.is(0.15);

  /** A cause, and the job that it makes: both or neither. */
  async function make(tx: Context, label: string, children: number, options = {}): Promise<void> {
    await tx.repo(cause).create({ label });
    await tx.jobs.enqueue(world.chance.is(0.5) ? exact : loose, { label, children }, options);
    // What was begun may still come to nothing.
    if (world.chance.is(0.1)) throw fault("changed its mind");
  }

  async function work(ctx: Context, { label, children }: Input, job: JobRun): Promise<void> {
    place += 1;
    await ctx.repo(effect).create({ label, place });
    for (let child = 0; child < children; child++)
      await make(
        ctx,
        `${label}/${child}`,
        0,
        world.chance.is(0.3) ? { delay: world.chance.below(3000) } : {},
      );
    if (failsOnce(job.attempt)) throw fault("failed half way");
  }

  function plugins(process: Process): AnyPlugin[] {
    const whole = defineJob(exact.name, { ...common, transactional: true, run: work });
    const byHand = defineJob(loose.name, {
      ...common,
      run: async (ctx, given, job) => {
        // Something elsewhere that takes its time.
        await world.turn(process, "free", "waits for others");
        await ctx.transaction(async (tx) => {
          await work(tx, given, job);
          await job.complete(tx);
        });
      },
    });
    return [
      definePlugin({
        name: "sim",
        version: "1.0.0",
        corm: "^0.1",
        setup: () => ({ entities: { cause, effect }, jobs: [whole, byHand] }),
      })(),
    ];
  }

  const session = (crm: App, tenant: string) =>
    crm.as({ actor: { kind: "user", id: "sim" }, tenant, roles: ["admin"] });

  async function request(crm: App, process: Process): Promise<void> {
    const number = begun++;
    const tenant = world.chance.pick(TENANTS);
    const key = `${process.name}/${tenant}`;
    const isOrdered = world.chance.is(0.4);
    const label = `${isOrdered ? key : "free"}#${String(number).padStart(4, "0")}`;
    const options = {
      ...(isOrdered ? { orderingKey: key } : {}),
      ...(world.chance.is(0.3) ? { delay: world.chance.below(4000) } : {}),
      ...(world.chance.is(0.2) ? { priority: world.chance.below(10) } : {}),
    };
    const children = world.chance.is(0.3) ? 2 : 0;
    await session(crm, tenant).transaction((tx) => make(tx, label, children, options));
  }

  return {
    plugins,
    fibers: (crm, process) => [
      { name: "serve", act: () => (begun < MOST ? request(crm, process) : Promise.resolve()) },
      { name: "work", act: () => crm.worker({ concurrency: 3 }).run() },
      { name: "work as well", act: () => crm.worker({ concurrency: 1 }).run() },
    ],
    isOver: () => begun >= WANTED,
    async finish(crm) {
      const worker = crm.worker();
      const ends = await worker.run();
      let left = 0;
      for (const tenant of TENANTS)
        for (const state of ["ready", "delayed", "running", "blocked"] as const)
          left += (await session(crm, tenant).jobs.list({ state, limit: 1 })).items.length;
      world.pass(LEASE);
      return ends.length + left > 0;
    },
    async check(crm) {
      for (const tenant of TENANTS) {
        const me = session(crm, tenant);
        const causes: string[] = [];
        for await (const { label } of me.repo(cause).stream({})) causes.push(label);
        const effects: { label: string; place: number }[] = [];
        for await (const { label, place: at } of me.repo(effect).stream({}))
          effects.push({ label, place: at });
        const done = effects.map(({ label }) => label);
        const twice = done.filter((label, i) => done.indexOf(label) !== i);
        if (twice.length > 0) throw new Violation(`done twice: ${twice.join(", ")}`);
        const lost = causes.filter((label) => !done.includes(label));
        if (lost.length > 0) throw new Violation(`lost: ${lost.join(", ")}`);
        const ghosts = done.filter((label) => !causes.includes(label));
        if (ghosts.length > 0) throw new Violation(`without a cause: ${ghosts.join(", ")}`);
        inOrder(effects);
        const dead = await me.jobs.list({ state: "dead" });
        if (dead.items.length > 0) throw new Violation(`dead: ${dead.items[0]?.error}`);
      }
    },
  };
}

function inOrder(effects: readonly { label: string; place: number }[]): void {
  const keyed = effects.filter(({ label }) => !label.startsWith("free") && /#\d+$/.test(label));
  for (const key of new Set(keyed.map(({ label }) => label.split("#")[0]))) {
    const own = keyed.filter(({ label }) => label.split("#")[0] === key).sort((a, b) => a.place - b.place);
    const labels = own.map(({ label }) => label);
    if (labels.join() !== [...labels].sort().join())
      throw new Violation(`out of order: ${labels.join(", ")}`);
  }
}
