import {
  type AnyPlugin,
  contribute,
  crmCore,
  defineEntity,
  defineError,
  defineEvent,
  definePlugin,
  reference,
  roleAssignment,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { automation, defineStep, retryRun, stepKinds, workflow, workflowRun } from "@corm/plugin-workflow";
import type { App, Play, Scenario } from "../scenario.js";
import { type Process, Violation, type World } from "../world.js";
import { fault } from "./fault.js";

const paper = defineEntity("paper", {
  fields: { parts: Type.Integer(), status: withDefault(Type.String({ maxLength: 20 }), "new") },
});
const part = defineEntity("part", { fields: { paperId: reference(paper, { onDelete: "cascade" }) } });
const mark = defineEntity("mark", {
  fields: {
    runId: Type.String({ maxLength: 40 }),
    key: Type.String({ maxLength: 100 }),
    label: Type.String(),
    /** When it happened, among all. */
    place: Type.Integer(),
  },
});
const signed = defineEvent("paper.signed", Type.Object({}));
/** Entered while the call is under way: often read before the run waits for it. */
const answered = defineEvent("paper.answered", Type.Object({}));
/** Trying again does not help: somebody has to. */
const Unable = defineError("sim-unable", {
  status: 422,
  title: "Unable",
  detail: () => "Chance does not let it.",
});

const WANTED = 8;
const MOST = 60;
const TENANT = "a";
const PAUSE_MS = 5000;
/** Times that one step fails. */
const MOST_FAILURES = 3;

const steps = [
  { kind: "sim.mark", label: "begun" },
  { kind: "wait", for: { seconds: PAUSE_MS / 1000 } },
  { kind: "sim.mark", label: "rested" },
  { kind: "sim.call" },
  { kind: "wait", event: answered.name },
  {
    ...{ kind: "forEach", entity: part.name, where: { paperId: { $: "record.id" } } },
    steps: [
      { kind: "sim.mark", label: "part" },
      { kind: "branch", if: { status: "ready" }, yes: [], no: [{ kind: "wait", for: { seconds: 1 } }] },
    ],
  },
  { kind: "wait", event: signed.name, timeout: { minutes: 2 } },
  { kind: "sim.mark", label: "signed" },
  { kind: "wait", condition: { status: "ready" } },
  { kind: "sim.mark", label: "ended" },
];

/** Durable runs: waits for time, events and conditions, loops, calls elsewhere, failures, jobs that come twice. */
export const runs: Scenario = { name: "runs", processes: 2, play: playOf };

function playOf(world: World): Play {
  let begun = 0;
  let place = 0;
  const failures = new Map<string, number>();
  /** What the other system has heard, by key. */
  const calls = new Map<string, number>();
  let ownerId = "";

  const as = (crm: App) =>
    crm.as({ actor: { kind: "user", id: ownerId || "sim" }, tenant: TENANT, roles: ["admin"] });
  const books = (crm: App) =>
    crm.system({ tenant: TENANT, capability: "workflow.automations", reason: "simulate" });

  function mayFail(key: string): void {
    const before = failures.get(key) ?? 0;
    if (before >= MOST_FAILURES || !world.chance.is(0.15)) return;
    failures.set(key, before + 1);
    throw world.chance.is(0.7) ? fault("failed half way") : Unable({});
  }

  const kindsOf = (process: Process) => [
    defineStep({
      name: "sim.mark",
      label: "Mark",
      input: Type.Object({ label: Type.String() }),
      run: async ({ label }, { ctx, key, run }) => {
        await ctx.repo(mark).create({ runId: run.id, key, label, place: place++ });
        mayFail(key);
        return {};
      },
    }),
    defineStep({
      name: "sim.call",
      label: "Call",
      input: Type.Object({}),
      attempts: 200,
      perform: async (_, { key, books: session }) => {
        await world.turn(process, "free", "calls elsewhere");
        calls.set(key, (calls.get(key) ?? 0) + 1);
        await session.emit(answered, {});
        await world.turn(process, "free", "hears from elsewhere");
        if (world.chance.is(0.1)) throw fault("the answer was lost");
        return {};
      },
    }),
  ];

  async function request(crm: App): Promise<void> {
    const me = as(crm);
    const what = world.chance.below(10);
    if (what < 3) {
      begun += 1;
      await me.transaction(async (tx) => {
        const parts = world.chance.below(4);
        const { id } = await tx.repo(paper).create({ parts });
        await tx.repo(part).createMany(Array.from({ length: parts }, () => ({ paperId: id })));
        if (world.chance.is(0.1)) throw fault("changed its mind");
      });
    } else if (what < 5) await comesTwice(crm);
    else if (what < 7) await me.emit(signed, {});
    else if (what < 8) {
      const one = await me.repo(paper).first({ where: { status: "new" }, orderBy: ["id"] });
      if (one) await me.repo(paper).update(one.id, { status: "ready" });
    } else if (what < 9) await retryFailed(crm);
    else world.pass(world.chance.below(20_000));
  }

  /** A job that is on its way is delivered once more. */
  async function comesTwice(crm: App): Promise<void> {
    const session = books(crm);
    const state = world.chance.is(0.5) ? "ready" : "running";
    const { items } = await session.jobs.list({ state, limit: 20 });
    const own = items.filter(({ name, input }) => name.startsWith("workflow.") && input !== null);
    if (own.length === 0) return;
    const { name, input } = world.chance.pick(own);
    await session.jobs.enqueue({ name }, input, { delay: world.chance.below(8000) });
  }

  async function retryFailed(crm: App): Promise<void> {
    const me = as(crm);
    const { items } = await me.repo(workflowRun).find({ where: { state: "failed" }, orderBy: ["id"] });
    for (const { id } of items) await me.run(retryRun, {}, { id });
  }

  return {
    async prepare(crm) {
      ownerId = (await as(crm).repo(user).create({ name: "Owner" })).id;
      await as(crm).repo(roleAssignment).create({ userId: ownerId, role: "admin" });
      await as(crm)
        .repo(automation)
        .create({
          ...{ key: "papers", name: "Papers", enabled: true, principalId: ownerId },
          ...{ trigger: { on: "created", entity: paper.name }, steps },
        } as never);
    },
    plugins: (process): AnyPlugin[] => [
      crmCore() as AnyPlugin,
      workflow() as AnyPlugin,
      definePlugin({
        name: "sim",
        version: "1.0.0",
        corm: "^0.1",
        requires: { workflow: "^0.1" },
        setup: () => ({
          entities: { paper, part, mark },
          events: [signed, answered],
          contributes: kindsOf(process).map((kind) => contribute(stepKinds, kind)),
        }),
      })(),
    ],
    fibers: (crm) => [
      { name: "serve", act: () => (begun < MOST ? request(crm) : Promise.resolve()) },
      { name: "work", act: () => crm.worker({ concurrency: 3 }).run() },
      { name: "work as well", act: () => crm.worker({ concurrency: 1 }).run() },
    ],
    isOver: () => begun >= WANTED,
    async finish(crm) {
      await crm.worker().run();
      const me = as(crm);
      await me.repo(paper).updateWhere({ status: "new" }, { status: "ready" });
      await retryFailed(crm);
      await crm.worker().run();
      world.pass(30_000);
      const open = { or: [{ finishedAt: null }, { state: "failed" as const }] };
      const made = await me.repo(workflowRun).count();
      return made < (await me.repo(paper).count()) || (await me.repo(workflowRun).count(open)) > 0;
    },
    async check(crm) {
      const me = as(crm);
      const dead = await me.jobs.list({ state: "dead", limit: 1 });
      if (dead.items[0]) throw new Violation(`dead: ${dead.items[0].name}: ${dead.items[0].error}`);
      const runOf = new Map<string, string>();
      for await (const { id, recordId, state, error } of me.repo(workflowRun).stream({})) {
        if (runOf.has(recordId as string)) throw new Violation(`paper ${recordId} has two runs`);
        runOf.set(recordId as string, id);
        if (state !== "succeeded") throw new Violation(`run ${id} is ${state}: ${error}`);
      }
      const marks = new Map<string, { key: string; label: string; createdAt: string }[]>();
      for await (const one of me.repo(mark).stream({ orderBy: ["place", "id"] }))
        marks.set(one.runId, [...(marks.get(one.runId) ?? []), one]);
      for await (const { id, parts } of me.repo(paper).stream({})) {
        const run = runOf.get(id);
        if (run === undefined) throw new Violation(`paper ${id} has no run`);
        checkMarks(run, marks.get(run) ?? [], parts);
        const called = [...calls.keys()].filter((key) => key.startsWith(run));
        if (called.length !== 1) throw new Violation(`run ${run} called by ${called.length} keys`);
        runOf.delete(id);
      }
      if (runOf.size > 0) throw new Violation("there is a run of a paper that was never made");
    },
  };
}

/** Each step once, in order, and none before the pause was over. */
function checkMarks(
  run: string,
  marks: readonly { readonly key: string; readonly label: string; readonly createdAt: string }[],
  parts: number,
): void {
  if (new Set(marks.map(({ key }) => key)).size < marks.length)
    throw new Violation(`a step of ${run} was done twice: ${marks.map(({ key }) => key).join(", ")}`);
  const labels = marks.map(({ label }) => label).join(" ");
  const wanted = ["begun", "rested", ...Array<string>(parts).fill("part"), "signed", "ended"].join(" ");
  if (labels !== wanted) throw new Violation(`run ${run} did "${labels}", and not "${wanted}"`);
  const [first, second] = marks.map(({ createdAt }) => Date.parse(createdAt)) as [number, number];
  if (second - first < PAUSE_MS) throw new Violation(`run ${run} rested for ${second - first} ms`);
}
