import { type Context, type JournalEntry, visibleEntries } from "@corm/core";
import type { Active } from "../automations/active.js";
import { principalSession } from "../automations/principal.js";
import { automationVersion } from "../entities/automation.js";
import { type WorkflowRun, workflowRun, workflowStep } from "../entities/workflow-run.js";
import { runBooks } from "./books.js";
import { move } from "./move.js";
import { type NewRun, startRuns } from "./start-runs.js";
import { turnOf, writeTurns } from "./turn.js";

/** Steps of a trial: it holds its locks all the while. */
const MAX_TRIED = 500;

export interface Trial {
  readonly state: WorkflowRun["state"];
  readonly error: string | null;
  readonly steps: readonly { readonly key: string; readonly kind: string }[];
  /** What it would change, as its principal may see it. */
  readonly changes: readonly Pick<JournalEntry, "operation" | "entity" | "record" | "changes" | "event">[];
}

/**
 * What a run would do, from its first step to its last: waits are passed over, and nothing leaves the house. It is done in
 * a transaction that is rolled back.
 */
export async function tryRun(ctx: Context, active: Active, wanted: NewRun): Promise<Trial> {
  const { key } = active.definition;
  const { result, entries } = await runBooks(ctx).simulate(async (tx) => {
    const [made] = await startRuns(tx, active, [wanted]);
    if (!made) return { state: "cut" as const, error: null, steps: [], changes: [] };
    const error = made.state === "queued" ? await goThrough(tx, made.id) : made.error;
    const run = await tx.repo(workflowRun).get(made.id);
    const { items } = await tx
      .repo(workflowStep)
      .find({ where: { runId: made.id }, orderBy: ["createdAt", "id"] as never, limit: 500 });
    return {
      state: error === null ? run.state : ("failed" as const),
      error,
      steps: items.map(({ key: step, kind }) => ({ key: step, kind })),
    };
  });
  const principal = await principalSession(runBooks(ctx), key, active.principal);
  return { ...result, changes: await narrowed(principal, entries) };
}

async function goThrough(tx: Context, id: string): Promise<string | null> {
  for (let moves = 0; moves < MAX_TRIED; moves++) {
    const run = (await tx.repo(workflowRun).get(id)) as WorkflowRun;
    if (run.finishedAt !== null) return run.error;
    try {
      await tx.savepoint(async (inner) => {
        const turn = turnOf(run);
        await move(inner, turn, { trial: true });
        await writeTurns(inner, [turn]);
      });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return `A trial ends after ${MAX_TRIED} steps.`;
}

/** Records that the trial would have made are nowhere to be asked for: their fields are narrowed by what the catalog shows. */
async function narrowed(principal: Context, entries: readonly JournalEntry[]): Promise<Trial["changes"]> {
  const seen = new Map((await visibleEntries(principal, entries)).map((entry) => [entry.id, entry]));
  return entries.flatMap((entry) => {
    const { operation, entity, record, event } = entry;
    // The plugin's own books are nothing that the automation does.
    if (entity === automationVersion.name) return [];
    const fields = entity === null ? undefined : principal.catalog.entities.get(entity)?.fields;
    if (entity !== null && !fields) return [];
    const known = seen.get(entry.id)?.changes ?? onlyFields(entry.changes, fields);
    return [{ operation, entity, record, event, changes: known }];
  });
}

function onlyFields(
  changes: JournalEntry["changes"],
  fields: ReadonlyMap<string, unknown> | undefined,
): JournalEntry["changes"] {
  if (changes === null) return null;
  return Object.fromEntries(Object.entries(changes).filter(([name]) => fields?.has(name)));
}
