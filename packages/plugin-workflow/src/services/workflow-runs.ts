import { type Context, defineService } from "@corm/core";
import type { Active } from "../automations/active.js";
import { checkDefinition } from "../automations/check-definition.js";
import type { AutomationDefinition, Principal } from "../automations/definition.js";
import { type WorkflowRun, workflowRun } from "../entities/workflow-run.js";
import { runBooks } from "../runs/books.js";
import { endRun } from "../runs/move.js";
import { type NewRun, startRuns } from "../runs/start-runs.js";

/** Durable runs of a plugin's own, such as journeys. Its kinds of steps come by `stepKinds`. */
export interface WorkflowRuns {
  /** @throws automation-invalid as the caller of this context sees it */
  check(definition: AutomationDefinition): Promise<void>;
  /**
   * Makes runs, in the transaction of the context: one for each `triggerKey` of the definition's key, however often it is
   * asked for. What would go round in a circle comes back `cut`.
   */
  start(
    definition: AutomationDefinition,
    options: { readonly principal: Principal; readonly maxAttempts?: number },
    runs: readonly (Pick<NewRun, "record" | "triggerKey"> & Partial<Pick<NewRun, "given" | "path">>)[],
  ): Promise<readonly WorkflowRun[]>;
  /** Ends runs that have not ended. */
  cancel(ids: readonly string[]): Promise<void>;
}

export const workflowRuns = defineService<WorkflowRuns>("workflow.runs");

export const workflowRunsOf = (ctx: Context): WorkflowRuns => ({
  check: (definition) => checkDefinition(ctx, definition),
  start: (definition, { principal, maxAttempts = 5 }, runs) => {
    const active: Active = { definition, principal, maxAttempts, since: null };
    const wanted = runs.map(({ given = {}, path = [], ...one }) => ({ ...one, given, path }));
    return runBooks(ctx).transaction((tx) => startRuns(tx, active, wanted));
  },
  cancel: (ids) =>
    runBooks(ctx).transaction(async (tx) => {
      for (const id of ids) {
        const run = (await tx.repo(workflowRun).get(id, { lock: true })) as WorkflowRun;
        if (run.finishedAt === null || run.state === "failed") await endRun(tx, run, "cancelled");
      }
    }),
});
