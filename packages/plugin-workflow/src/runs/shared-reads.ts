import type { Context } from "@corm/core";
import { targetOf } from "../assignment/target.js";
import type { AutomationDefinition, Principal } from "../automations/definition.js";
import { type PrincipalIdentity, principalIdentity } from "../automations/principal.js";
import { automationVersion } from "../entities/automation.js";
import type { WorkflowRun } from "../entities/workflow-run.js";
import { causeName } from "./causes.js";
import { principalOf, type Reads } from "./move.js";
import { recordOf } from "./run-scope.js";

type Row = Readonly<Record<string, unknown>>;

/** What runs of one transaction have in common, read once: versions, principals, and the records that they begin with. */
export async function sharedReads(books: Context, runs: readonly WorkflowRun[]): Promise<Reads> {
  const ids = [...new Set(runs.map(({ versionId }) => versionId))];
  const { items } = await books
    .repo(automationVersion)
    .find({ where: { id: { in: ids } }, select: ["id", "definition"], limit: ids.length });
  const definitions = new Map(
    items.map(({ id, definition }) => [id, definition as unknown as AutomationDefinition]),
  );
  const identities = new Map<string, PrincipalIdentity>();
  /** Read by the handle that is open: while there is a savepoint, the transaction's own is not. */
  const identityOf = async (ctx: Context, run: WorkflowRun): Promise<PrincipalIdentity> => {
    const key = principalKey(run);
    let identity = identities.get(key);
    if (!identity) {
      identity = await principalIdentity(ctx, run.automationKey, principalOf(run));
      identities.set(key, identity);
    }
    return identity;
  };
  const records = await recordsOf(books, runs, identityOf);
  return {
    definition: async ({ versionId }) => definitions.get(versionId) as AutomationDefinition,
    session: async (ctx, run) => ctx.actingAs(await identityOf(ctx, run), causeName(run.id)),
    record: async (session, run) => {
      const found = records.get(run.id);
      // For its first step alone: after that it may have changed.
      records.delete(run.id);
      return found ?? recordOf(session, run);
    },
  };
}

/** Roles act under the name of their automation. */
function principalKey(run: WorkflowRun): string {
  const principal: Principal = principalOf(run);
  return "userId" in principal ? principal.userId : JSON.stringify([run.automationKey, principal.roles]);
}

/** Records as their principals see them, by run. One that two runs are about is left out: the first may change it. */
async function recordsOf(
  books: Context,
  runs: readonly WorkflowRun[],
  identityOf: (ctx: Context, run: WorkflowRun) => Promise<PrincipalIdentity>,
): Promise<Map<string, Row>> {
  const found = new Map<string, Row>();
  const times = new Map<string | null, number>();
  for (const { recordId } of runs) times.set(recordId, (times.get(recordId) ?? 0) + 1);
  const groups = new Map<string, WorkflowRun[]>();
  for (const run of runs) {
    if (run.target === null || run.recordId === null || times.get(run.recordId) !== 1) continue;
    const key = JSON.stringify([principalKey(run), run.target]);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  for (const own of groups.values()) {
    const [first] = own as [WorkflowRun];
    const identity = await identityOf(books, first).catch(() => null);
    // Who may not act any more lets his own runs fail, each at its step.
    if (!identity) continue;
    const session = books.actingAs(identity);
    const target = first.target as string;
    if (!session.catalog.entities.has(target)) continue;
    const byRecord = new Map(own.map((run) => [run.recordId, run]));
    const { items } = await targetOf(session, target).find({
      where: { id: { in: [...byRecord.keys()] } } as never,
      limit: own.length,
      withDeleted: true,
    });
    for (const row of items) found.set((byRecord.get(row.id) as WorkflowRun).id, row);
  }
  return found;
}
