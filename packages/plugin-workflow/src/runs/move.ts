import type { Context } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import {
  type AutomationDefinition,
  type BranchStep,
  blockOf,
  type Condition,
  DEFAULT_EACH,
  type ForEachStep,
  type Principal,
  type Step,
} from "../automations/definition.js";
import { principalSession } from "../automations/principal.js";
import { holds, type ValueTest } from "../automations/value-test.js";
import { fillIn, type Scope } from "../automations/values.js";
import { automationVersion } from "../entities/automation.js";
import { type WorkflowRun, workflowRun } from "../entities/workflow-run.js";
import { StepUnable, TooManyInLoop } from "../errors.js";
import { kindOf } from "../steps/kinds.js";
import type { RunView, StepWait } from "../steps/step-kind.js";
import { waitStep } from "../steps/wait-step.js";
import { causeName } from "./causes.js";
import { checkedStep } from "./checked-step.js";
import { type Frame, stepKey, stepOn } from "./frames.js";
import { PERFORM } from "./perform-handle.js";
import { recordOf, scopeOf } from "./run-scope.js";
import { ADVANCE } from "./start-runs.js";
import { change, enqueueWith, type StepNote, type Turn, turnOf, writeTurns } from "./turn.js";

/** Steps that a run takes at most: whatever goes on beyond it was not meant. */
const MAX_RUN_STEPS = 50_000;
/** Ids of a loop that are kept with the run. */
const PAGE = 100;
/** Decisions that one transaction takes on the way to a step. */
const MAX_DECISIONS = 50;
/** Longest outputs that are kept, as JSON. */
const MAX_OUTPUT = 65_536;

/** `decided`: where it goes on, and nothing else yet; `more`: a step is done; `rest`: it waits, or has ended. */
export type Moved = "decided" | "more" | "rest";

export const principalOf = (run: WorkflowRun): Principal =>
  run.principalRoles === null ? { userId: run.principalId ?? "" } : { roles: run.principalRoles };

export const viewOf = ({ id, automationKey, target, recordId }: WorkflowRun): RunView => ({
  id,
  automation: automationKey,
  target,
  recordId,
});

/** Whether it is the run that was meant: not over, and in the same round. */
export const goesOn = ({ state, round }: WorkflowRun, wanted: number): boolean =>
  (state === "queued" || state === "running" || state === "waiting") && round === wanted;

/** The run, locked until the transaction ends; null where it is gone, over, or has gone on to another round. */
export async function lockRun(books: Context, id: string, round: number): Promise<WorkflowRun | null> {
  const runs = books.repo(workflowRun);
  if ((await runs.first({ where: { id }, select: ["id"] })) === null) return null;
  const run = (await runs.get(id, { lock: true })) as WorkflowRun;
  return goesOn(run, round) ? run : null;
}

/** What a move has to read; `sharedReads` reads it once for many. */
export interface Reads {
  readonly definition: (run: WorkflowRun) => Promise<AutomationDefinition>;
  readonly session: (books: Context, run: WorkflowRun) => Promise<Context>;
  readonly record: (session: Context, run: WorkflowRun) => Promise<Readonly<Record<string, unknown>> | null>;
}

export const plainReads = (books: Context): Reads => ({
  definition: (run) => definitionOf(books, run),
  session: (ctx, run) => principalSession(ctx, run.automationKey, principalOf(run), causeName(run.id)),
  record: recordOf,
});

export interface MoveOptions {
  readonly woken?: "time" | "change";
  readonly trial?: boolean;
  readonly reads?: Reads;
  /** From `readSoFar`, before anything was read in the transaction. */
  readonly since?: number;
}

/**
 * Takes one step of a run: what it does in the database is in the transaction of `books`, what becomes of the run in its
 * turn, which is to be written in the same transaction.
 *
 * @throws whatever the step fails with; nothing of it may be kept then
 */
export async function move(books: Context, turn: Turn, options: MoveOptions = {}): Promise<Moved> {
  const { reads = plainReads(books) } = options;
  const { run } = turn;
  const definition = await reads.definition(run);
  const session = await reads.session(books, run);
  if (run.steps >= MAX_RUN_STEPS)
    throw StepUnable({
      step: run.automationKey,
      reason: `has taken ${MAX_RUN_STEPS} steps, and no more are taken`,
    });
  const record = await reads.record(session, run);
  const mover = new Mover(books, session, turn, definition, record, options);
  for (let decisions = 1; ; decisions++) {
    const moved = await mover.go();
    // What is only decided needs no transaction of its own.
    if (moved !== "decided") return moved;
    if (decisions >= MAX_DECISIONS) return "more";
    mover.look();
  }
}

export async function definitionOf(books: Context, run: WorkflowRun): Promise<AutomationDefinition> {
  return (await books.repo(automationVersion).get(run.versionId))
    .definition as unknown as AutomationDefinition;
}

/** One step of one run. A class: what it works on is the same in all of it. */
class Mover {
  readonly #books: Context;
  readonly #session: Context;
  readonly #turn: Turn;
  readonly #definition: AutomationDefinition;
  readonly #record: Readonly<Record<string, unknown>> | null;
  #woken: "time" | "change" | undefined;
  readonly #trial: boolean;
  readonly #since: number | null;

  constructor(
    books: Context,
    session: Context,
    turn: Turn,
    definition: AutomationDefinition,
    record: Readonly<Record<string, unknown>> | null,
    { woken, trial = false, since }: MoveOptions,
  ) {
    this.#books = books;
    this.#session = session;
    this.#turn = turn;
    this.#definition = definition;
    this.#record = record;
    this.#woken = turn.run.state === "waiting" ? woken : undefined;
    this.#trial = trial;
    this.#since = since ?? null;
  }

  get #run(): WorkflowRun {
    return this.#turn.run;
  }

  /** Where the run stands after what was decided: nothing woke it there. */
  look(): void {
    this.#woken = undefined;
  }

  async go(): Promise<Moved> {
    const { frames, unchecked } = this.#run;
    const { where, exit } = this.#definition;
    if (unchecked && where !== undefined && !(await this.#satisfies(where))) return this.#end("exited");
    if (exit !== undefined && (await this.#satisfies(exit))) return this.#end("exited");
    const inner = frames.at(-1);
    if (!inner) return this.#end("succeeded");
    const step = blockOf(this.#definition, inner.block)[inner.at];
    if (step === undefined) return this.#leave(inner);
    switch (step.kind) {
      case "stop":
        return this.#end("succeeded");
      case "branch":
        return this.#branch(step as BranchStep, inner);
      case "forEach":
        return this.#enterLoop(step as ForEachStep, inner);
      default:
        return this.#do(step);
    }
  }

  async #satisfies(condition: Readonly<Record<string, unknown>>): Promise<boolean> {
    const { target, recordId } = this.#run;
    if (target === null || recordId === null || !this.#session.catalog.entities.has(target)) return false;
    const where = { and: [{ id: recordId }, condition] } as never;
    return (
      (await targetOf(this.#session, target).first({ where, select: ["id"], withDeleted: true })) !== null
    );
  }

  #scope(): Promise<Scope> {
    return scopeOf(this.#session, this.#run, this.#record);
  }

  /** The end of a list: of a loop the next turn, of others the step after the one that it belongs to. */
  async #leave(inner: Frame): Promise<Moved> {
    const { frames } = this.#run;
    const { each } = inner;
    if (each === undefined || each.ids.length === 0) return this.#goOn(stepOn(frames.slice(0, -1)));
    if (each.at + 1 < each.ids.length) {
      const next = { ...inner, at: 0, each: { ...each, at: each.at + 1 } };
      return this.#goOn([...frames.slice(0, -1), next]);
    }
    const count = each.count + each.ids.length;
    const outer = frames.at(-2) as Frame;
    const loop = blockOf(this.#definition, outer.block)[outer.at] as ForEachStep;
    if (each.next === null) return this.#goOn(stepOn(frames.slice(0, -1)));
    return this.#page(loop, frames.slice(0, -1), {
      block: inner.block,
      count,
      where: each.where,
      after: each.next,
    });
  }

  async #branch({ if: condition, test = {} }: BranchStep, { block, at }: Frame): Promise<Moved> {
    const scope = await this.#scope();
    const now = this.#books.clock.now();
    const holdsAll = Object.entries(test).every(([path, one]) =>
      holds(one as ValueTest, fillIn({ $: path }, scope, now)),
    );
    const yes = holdsAll && (condition === undefined || (await this.#satisfies(condition)));
    const inside: Frame = { block: `${block}/${at}/${yes ? "yes" : "no"}`, at: 0 };
    return this.#goOn([...this.#run.frames, inside]);
  }

  async #enterLoop(loop: ForEachStep, { block, at }: Frame): Promise<Moved> {
    // Values are put in once: every page is of the same question.
    const where = fillIn(loop.where ?? {}, await this.#scope(), this.#books.clock.now()) as Condition;
    return this.#page(loop, this.#run.frames, {
      block: `${block}/${at}/steps`,
      count: 0,
      where,
      after: null,
    });
  }

  /** The next records of a loop, by id: a page is kept with the run, and never more. */
  async #page(
    { entity, limit = DEFAULT_EACH }: ForEachStep,
    outer: readonly Frame[],
    page: {
      readonly block: string;
      readonly count: number;
      readonly where: Condition;
      readonly after: string | null;
    },
  ): Promise<Moved> {
    const { block, count, where, after } = page;
    const { items, next } = await targetOf(this.#session, entity).find({
      where: where as never,
      orderBy: ["id"] as never,
      select: ["id"],
      limit: PAGE,
      after,
    });
    const ids = items.map(({ id }) => id);
    if (count + ids.length > limit || (count + ids.length === limit && next !== null))
      throw TooManyInLoop({ entity, limit });
    if (ids.length === 0) return this.#goOn(stepOn(outer));
    const each = { entity, ids, at: 0, count, where: { ...where }, next };
    return this.#goOn([...outer, { block, at: 0, each }]);
  }

  async #do(step: Step): Promise<Moved> {
    const kind = kindOf(this.#books, step.kind);
    if (!kind) throw StepUnable({ step: step.kind, reason: "is no kind of step of this app any more" });
    const { kind: _, id, ...said } = step;
    const scope = await this.#scope();
    const input = checkedStep(kind, fillIn(said, scope, this.#books.clock.now()));
    const key = stepKey(this.#run.frames);
    const { since: before } = this.#run;
    // What a pause or a wait was for is over: what comes next counts from its end.
    if (this.#woken === undefined || kind === waitStep) change(this.#turn, { since: this.#since });
    if (kind.perform !== undefined) {
      if (this.#trial) return this.#done(key, step, { trial: true });
      this.#turn.notes.set(key, { kind: step.kind, state: "waiting" });
      this.#rest({ state: "waiting", wakeAt: null, attempts: this.#run.attempts });
      const { id: runId, round } = this.#run;
      enqueueWith(this.#turn, PERFORM, { runId, round, kind: kind.name });
      return "rest";
    }
    const run = kind.run as unknown as (
      given: unknown,
      call: object,
    ) => Promise<{ output?: unknown; wait?: StepWait }>;
    const result = await run(input, {
      ctx: this.#session,
      books: this.#books,
      run: viewOf(this.#run),
      key: `${this.#run.id}/${key}`,
      record: this.#record,
      woken: this.#woken,
      memory: (this.#run.vars as { memory?: unknown } | null)?.memory,
      trial: this.#trial,
    });
    if (result.wait !== undefined) {
      this.#turn.hearsFrom = this.#woken === undefined ? before : null;
      return this.#wait(key, step.kind, result.wait);
    }
    return this.#done(key, step, result.output, id);
  }

  async #done(key: string, step: Step, output: unknown, id = step.id): Promise<Moved> {
    this.#note(key, step.kind, "done");
    const { frames, vars, steps } = this.#run;
    const [root, ...inner] = stepOn(frames);
    // The last step ends the run as well: one move less.
    if (inner.length === 0 && root && root.at >= this.#definition.steps.length)
      return this.#end("succeeded", steps + 1);
    return this.#goOn(stepOn(frames), withOutput(vars ?? {}, id, output), 1);
  }

  #wait(key: string, kind: string, { until, record, event, memory }: StepWait): Moved {
    this.#note(key, kind, "waiting");
    this.#rest({
      state: "waiting",
      wakeAt: until ?? null,
      vars: { ...(this.#run.vars ?? {}), ...(memory === undefined ? {} : { memory }) },
    });
    const { id: runId, round } = this.#run;
    const subject = { entity: record?.entity ?? null, recordId: record?.id ?? null, event: event ?? null };
    this.#turn.wait = { runId, round, ...subject };
    if (until !== undefined)
      enqueueWith(this.#turn, ADVANCE, { runId, round, timed: true }, { runAt: until });
    return "rest";
  }

  #note(key: string, kind: string, state: "waiting" | "done"): void {
    this.#turn.notes.set(key, { kind, state, attempts: this.#run.attempts + 1 });
  }

  #rest(patch: Partial<WorkflowRun>): void {
    const { round, startedAt } = this.#run;
    change(this.#turn, {
      ...patch,
      round: round + 1,
      startedAt: startedAt ?? this.#books.now(),
      unchecked: false,
    });
  }

  #goOn(frames: readonly Frame[], vars = this.#run.vars, taken = 0): Moved {
    const { startedAt, steps, state } = this.#run;
    if (state === "waiting") this.#turn.wait = null;
    const { memory: _, ...kept } = (vars ?? {}) as Record<string, unknown>;
    change(this.#turn, {
      ...{ frames: [...frames], vars: kept, state: "running", attempts: 0, error: null, wakeAt: null },
      ...{ steps: steps + taken, startedAt: startedAt ?? this.#books.now(), unchecked: false },
    });
    return taken > 0 ? "more" : "decided";
  }

  #end(state: "succeeded" | "exited", steps = this.#run.steps): Moved {
    endTurn(this.#turn, this.#books.now(), state, steps);
    return "rest";
  }
}

/** Ends a run. What it carried is not kept: nobody needs it any more. */
function endTurn(turn: Turn, now: string, state: "succeeded" | "exited" | "cancelled", steps: number): void {
  const { round, startedAt, state: before } = turn.run;
  if (before === "waiting") turn.wait = null;
  change(turn, {
    ...{ state, vars: null, frames: [], finishedAt: now, wakeAt: null, error: null },
    ...{ round: round + 1, steps, startedAt: startedAt ?? now },
  });
}

export async function endRun(books: Context, run: WorkflowRun, state: "cancelled"): Promise<void> {
  const turn = turnOf(run);
  endTurn(turn, books.now(), state, run.steps);
  turn.wait = null;
  await writeTurns(books, [turn]);
}

export function withOutput(
  vars: Readonly<Record<string, unknown>>,
  id: string | undefined,
  output: unknown,
): Record<string, unknown> {
  const { memory: _, ...rest } = vars;
  if (id === undefined) return rest;
  const text = JSON.stringify(output ?? null);
  if (text.length > MAX_OUTPUT)
    throw StepUnable({ step: id, reason: `has an output of more than ${MAX_OUTPUT} characters of JSON` });
  return { ...rest, steps: { ...(rest["steps"] as object | undefined), [id]: JSON.parse(text) as unknown } };
}

export async function noteStep(books: Context, run: WorkflowRun, key: string, note: StepNote): Promise<void> {
  const turn = turnOf(run);
  turn.notes.set(key, note);
  await writeTurns(books, [turn]);
}
