import { type Context, defineJob, isCormError, Type } from "@corm/core";
import { type AutomationDefinition, blockOf, type Step } from "../automations/definition.js";
import { principalSession } from "../automations/principal.js";
import { fillIn } from "../automations/values.js";
import { automationVersion } from "../entities/automation.js";
import { type WorkflowRun, workflowRun, workflowStep } from "../entities/workflow-run.js";
import { causeName } from "../runs/causes.js";
import { checkedStep } from "../runs/checked-step.js";
import { failRun, mayHelp } from "../runs/fail.js";
import { stepKey, stepOn } from "../runs/frames.js";
import { lockRun, noteStep, principalOf, viewOf, withOutput } from "../runs/move.js";
import { PERFORM } from "../runs/perform-handle.js";
import { recordOf, scopeOf } from "../runs/run-scope.js";
import { ADVANCE } from "../runs/start-runs.js";
import { kindOf } from "../steps/kinds.js";

interface Begun {
  readonly run: WorkflowRun;
  readonly step: Step;
  readonly key: string;
  readonly input: never;
  readonly identity: Context;
}

/** Does the step of a run that is done elsewhere: what is written before and after it are transactions of their own. */
export const performStep = defineJob(PERFORM.name, {
  input: Type.Object({ runId: Type.String(), round: Type.Integer(), kind: Type.String() }),
  capability: "workflow.automations",
  attempts: 20,
  run: async (ctx, { runId, round, kind: name }, job) => {
    const kind = kindOf(ctx, name);
    if (!kind?.perform) return;
    const perform = kind.perform as (input: unknown, call: object) => Promise<unknown>;
    try {
      const begun = await ctx.transaction((tx) => begin(tx, runId, round, kind.repeats));
      if (begun === "over") return;
      if (begun === "uncertain") {
        await finish(ctx, { runId, round, output: { uncertain: true }, state: "uncertain" }, job);
        return;
      }
      const { run, key, input } = begun;
      const principal = await principalSession(ctx, run.automationKey, principalOf(run), causeName(run.id));
      const output = await perform(input, {
        ctx: principal,
        books: ctx,
        run: viewOf(run),
        key: `${run.id}-${key.replaceAll(".", "-")}`,
        attempt: job.attempt,
        signal: ctx.signal,
      });
      await finish(ctx, { runId, round, output, state: "done" }, job);
    } catch (error) {
      if (isCormError(error) && error.code === "job-lost") throw error;
      const again = mayHelp(error) && job.attempt < kind.attempts;
      await ctx.transaction(async (tx) => {
        const run = await lockRun(tx, runId, round);
        if (!run) return;
        if (again)
          await noteStep(tx, run, stepKey(run.frames), {
            ...{ kind: name, state: "waiting", error: String(error) },
          });
        else await failRun(tx, run, error, false);
        if (!again) await job.complete(tx);
      });
      if (again) throw error;
    }
  },
});

/** Looks whether it is still to be done, and notes that it is being done. */
async function begin(
  tx: Context,
  runId: string,
  round: number,
  repeats: boolean,
): Promise<Begun | "over" | "uncertain"> {
  const run = await lockRun(tx, runId, round);
  if (!run) return "over";
  const version = await tx.repo(automationVersion).get(run.versionId);
  const inner = run.frames.at(-1);
  const step = inner && blockOf(version.definition as unknown as AutomationDefinition, inner.block)[inner.at];
  if (!step) return "over";
  const key = stepKey(run.frames);
  const noted = await tx.repo(workflowStep).first({ where: { runId, key }, select: ["state", "attempts"] });
  // Its process ended while it was at it: `waiting` is what an attempt that ended leaves behind.
  if (!repeats && noted?.state === "started") return "uncertain";
  const identity = await principalSession(tx, run.automationKey, principalOf(run), causeName(run.id));
  const scope = await scopeOf(identity, run, await recordOf(identity, run));
  const { kind: name, id: _, ...said } = step;
  const kind = kindOf(tx, name);
  if (!kind) return "over";
  const input = checkedStep(kind, fillIn(said, scope, tx.clock.now()));
  await noteStep(tx, run, key, { kind: name, state: "started", attempts: (noted?.attempts ?? 0) + 1 });
  await tx.repo(workflowRun).update(run.id, { attempts: run.attempts + 1 });
  return { run, step, key, input, identity };
}

async function finish(
  ctx: Context,
  end: {
    readonly runId: string;
    readonly round: number;
    readonly output: unknown;
    readonly state: "done" | "uncertain";
  },
  job: { complete(tx: Context): Promise<void> },
): Promise<void> {
  const { runId, round, output, state } = end;
  await ctx.transaction(async (tx) => {
    const run = await lockRun(tx, runId, round);
    const inner = run?.frames.at(-1);
    if (run && inner) {
      const version = await tx.repo(automationVersion).get(run.versionId);
      const step = blockOf(version.definition as unknown as AutomationDefinition, inner.block)[inner.at];
      await noteStep(tx, run, stepKey(run.frames), { kind: step?.kind ?? "step", state });
      await tx.repo(workflowRun).update(run.id, {
        ...{
          frames: stepOn(run.frames),
          vars: withOutput(run.vars ?? {}, step?.id, output),
          state: "running",
        },
        ...{ attempts: 0, error: null, round: round + 1, steps: run.steps + 1 },
      });
      await tx.jobs.enqueue(ADVANCE, { runId, round: round + 1 });
    }
    await job.complete(tx);
  });
}
