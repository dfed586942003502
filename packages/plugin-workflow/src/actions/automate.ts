import { type Context, defineAction, Forbidden, Type } from "@corm/core";
import { actingUser } from "../acting-user.js";
import { targetOf } from "../assignment/target.js";
import { type Active, automationByKey } from "../automations/active.js";
import { entityOf } from "../automations/trigger.js";
import { workflowRun } from "../entities/workflow-run.js";
import { AutomationUnknown, RunStateConflict } from "../errors.js";
import { runBooks } from "../runs/books.js";
import { endRun } from "../runs/move.js";
import { ADVANCE, type NewRun, startRuns } from "../runs/start-runs.js";
import { tryRun } from "../runs/try-run.js";

const nullable = Type.Union([Type.String(), Type.Null()]);
const runOutput = Type.Object({ id: Type.String(), state: Type.String() });
const wanted = Type.Object({
  key: Type.String({ minLength: 1, maxLength: 100 }),
  recordId: Type.Optional(Type.String({ format: "uuid" })),
  /** What steps find as `trigger.input`. */
  input: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** The run that a caller asks for: of a record that he sees himself. */
async function askedFor(
  ctx: Context,
  { definition }: Active,
  { recordId, input = {} }: { readonly recordId?: string; readonly input?: Record<string, unknown> },
): Promise<NewRun> {
  const entity = entityOf(definition.trigger);
  if (entity !== undefined && recordId !== undefined) await targetOf(ctx, entity).get(recordId);
  return {
    record: entity === undefined || recordId === undefined ? null : { entity, id: recordId },
    triggerKey: ctx.newId(),
    given: { at: ctx.now(), input, before: {}, after: {} },
    path: [],
    unchecked: true,
  };
}

/**
 * Starts an automation by hand. `POST /api/actions/workflow.start`
 *
 * @throws automation-unknown where there is none that is on; not-found
 */
export const start = defineAction({
  name: "start",
  permission: "workflow.start",
  label: "Start an automation",
  description: "Makes a run of an automation, of a record that the caller sees.",
  input: wanted,
  output: runOutput,
  run: async ({ input }, ctx) => {
    const books = runBooks(ctx);
    const active = await automationByKey(books, input.key);
    if (!active?.enabled) throw AutomationUnknown({ key: input.key });
    const [run] = await startRuns(books, active, [await askedFor(ctx, active, input)]);
    if (!run) throw AutomationUnknown({ key: input.key });
    return { id: run.id, state: run.state };
  },
});

/**
 * Says what a run would do, and does nothing: whoever asks may act as the automation's principal.
 * `POST /api/actions/workflow.dry-run`
 */
export const dryRun = defineAction({
  name: "dryRun",
  permission: "workflow.dryRun",
  label: "Try an automation",
  description:
    "Goes through an automation in a transaction that is rolled back, and says what it would change.",
  readOnly: true,
  input: wanted,
  output: Type.Object({
    state: Type.String(),
    error: nullable,
    steps: Type.Array(Type.Object({ key: Type.String(), kind: Type.String() })),
    changes: Type.Array(
      Type.Object({
        operation: Type.String(),
        entity: nullable,
        record: nullable,
        event: nullable,
        changes: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
      }),
    ),
  }),
  run: async ({ input }, ctx) => {
    const active = await automationByKey(runBooks(ctx), input.key);
    if (!active) throw AutomationUnknown({ key: input.key });
    const { principal } = active;
    const isOwn = "userId" in principal && principal.userId === actingUser(ctx);
    if (!isOwn && !ctx.permits(ACT_AS))
      throw Forbidden({
        reason: `It acts in the name of somebody else: that takes the permission "${ACT_AS}".`,
      });
    const { state, error, steps, changes } = await tryRun(ctx, active, await askedFor(ctx, active, input));
    return {
      state,
      error,
      steps: [...steps],
      changes: changes.map((one) => ({ ...one, changes: one.changes as never })),
    };
  },
});

/** To write automations that act in the name of others. */
export const ACT_AS = "automation.actAs";

/** Lets a failed run go on with the step that it failed at. `POST /api/workflow-runs/{id}/retry` @throws run-state */
export const retryRun = defineAction({
  name: "retry",
  on: workflowRun,
  label: "Try again",
  description: "Lets a failed run go on with the step that it failed at.",
  input: Type.Object({}),
  output: runOutput,
  run: async ({ record }, ctx) => {
    const { id, state, round } = record;
    if (state !== "failed") throw RunStateConflict({ id, state, wanted: "tried again" });
    const books = runBooks(ctx);
    const next = { state: "running", attempts: 0, error: null, finishedAt: null, round: round + 1 } as const;
    await books.repo(workflowRun).update(id, next);
    await books.jobs.enqueue(ADVANCE, { runId: id, round: round + 1 });
    return { id, state: "running" };
  },
});

/** Ends a run that has not ended. `POST /api/workflow-runs/{id}/cancel` @throws run-state */
export const cancelRun = defineAction({
  name: "cancel",
  on: workflowRun,
  label: "Cancel",
  description: "Ends a run that has not ended: what it has done stays done.",
  input: Type.Object({}),
  output: runOutput,
  run: async ({ record }, ctx) => {
    const { id, state, finishedAt } = record;
    if (finishedAt !== null && state !== "failed") throw RunStateConflict({ id, state, wanted: "cancelled" });
    await endRun(runBooks(ctx), record, "cancelled");
    return { id, state: "cancelled" };
  },
});
