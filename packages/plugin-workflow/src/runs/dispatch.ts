import { type Context, isCormError, type SubscribedEntry, visibleEntries } from "@corm/core";
import { ACT_AS } from "../actions/automate.js";
import { targetOf } from "../assignment/target.js";
import { type Active, activeAutomations } from "../automations/active.js";
import { principalSession } from "../automations/principal.js";
import { concerns, matches } from "../automations/trigger.js";
import { workflowWait } from "../entities/workflow-run.js";
import { armChanged, isDated } from "../timers/arm.js";
import { type CauseOfRun, pathsTo } from "./causes.js";
import { hears } from "./missed.js";
import { ADVANCE, type NewRun, startRuns } from "./start-runs.js";

/**
 * Makes the runs that entries of the journal start, and wakes those that wait for them, in the transaction that moves the
 * reader's cursor on: once for each entry. What one automation can be blamed for is noted with its run.
 */
export async function dispatch(books: Context, entries: readonly SubscribedEntry[]): Promise<void> {
  await wake(books, entries);
  const found = await activeAutomations(books);
  for (const active of found) if (isDated(active)) await armChanged(books, active, entries);
  const concerned = found
    .map((active) => ({ active, own: entries.filter((entry) => starts(active, entry)) }))
    .filter(({ own }) => own.length > 0);
  if (concerned.length === 0) return;
  const paths = await pathsTo(
    books,
    concerned.flatMap(({ own }) => own),
  );
  for (const { active, own } of concerned)
    await startRuns(books, active, await runsFor(books, active, own, paths));
}

function starts({ definition, since }: Active, entry: SubscribedEntry): boolean {
  return concerns(definition.trigger, entry) && (since === null || entry.at >= since);
}

/** The runs of one automation, as far as its principal may see the records and what has changed in them. */
async function runsFor(
  books: Context,
  active: Active,
  entries: readonly SubscribedEntry[],
  paths: ReadonlyMap<string, readonly CauseOfRun[]>,
): Promise<NewRun[]> {
  const { definition, principal } = active;
  const { key, trigger, where } = definition;
  const runOf = (entry: SubscribedEntry): NewRun => ({
    record:
      entry.entity === null || entry.record === null ? null : { entity: entry.entity, id: entry.record },
    triggerKey: entry.id,
    given: givenBy(entry),
    path: paths.get(entry.id) ?? [],
  });
  try {
    // In a savepoint: a query that fails must not take along what the others begin.
    return await books.savepoint(async (tx) => {
      const session = await principalSession(tx, key, principal);
      const all = "roles" in principal || session.permits(ACT_AS);
      const seen = await visibleTo(session, entries, all);
      const matching = seen.filter((entry) => matches(trigger, entry));
      if (where === undefined || matching.length === 0) return matching.map(runOf);
      const satisfied = await satisfying(session, matching, where);
      return matching.filter(({ record }) => record !== null && satisfied.has(record)).map(runOf);
    });
  } catch (error) {
    if (!isCormError(error)) throw error;
    const words = `${error.code}: ${error.message}`;
    return entries.map((entry) => ({ ...runOf(entry), error: words, unchecked: true }));
  }
}

/**
 * Events that are about no record name whom they like: they are told to automations of the app's own, and to those of
 * somebody who may act as anybody.
 */
async function visibleTo(
  session: Context,
  entries: readonly SubscribedEntry[],
  all: boolean,
): Promise<SubscribedEntry[]> {
  const visible = new Map((await visibleEntries(session, entries)).map((entry) => [entry.id, entry]));
  return entries.flatMap((entry) => visible.get(entry.id) ?? (entry.entity === null && all ? entry : []));
}

async function satisfying(
  session: Context,
  entries: readonly SubscribedEntry[],
  where: Readonly<Record<string, unknown>>,
): Promise<Set<string>> {
  const entity = entries[0]?.entity as string;
  const ids = [...new Set(entries.flatMap(({ record }) => record ?? []))];
  const { items } = await targetOf(session, entity).find({
    where: { and: [{ id: { in: ids } }, where] } as never,
    select: ["id"],
    limit: Math.max(1, ids.length),
    withDeleted: true,
  });
  return new Set(items.map(({ id }) => id));
}

/** What steps find under `trigger`. */
function givenBy({ at, operation, event, payload, changes }: SubscribedEntry): NewRun["given"] {
  if (operation === "event") return { at, event, payload };
  const before: Record<string, unknown> = {};
  const after: Record<string, unknown> = {};
  for (const [field, [old, fresh]] of Object.entries(changes ?? {})) {
    before[field] = old;
    after[field] = fresh;
  }
  return { at, before, after };
}

/** Lets runs look again that wait for these records or events. */
async function wake(books: Context, entries: readonly SubscribedEntry[]): Promise<void> {
  const records = [...new Set(entries.flatMap(({ record }) => record ?? []))];
  const events = [...new Set(entries.flatMap(({ event }) => event ?? []))];
  const asked = [
    ...(records.length > 0 ? [{ recordId: { in: records } }] : []),
    ...(events.length > 0 ? [{ event: { in: events } }] : []),
  ];
  if (asked.length === 0) return;
  const waiting = books.repo(workflowWait).stream({ where: { or: asked }, limit: 500 });
  const due: { input: { runId: string; round: number } }[] = [];
  for await (const wait of waiting)
    if (hears(wait, entries)) due.push({ input: { runId: wait.runId, round: wait.round } });
  for (let at = 0; at < due.length; at += 1000)
    await books.jobs.enqueueMany(ADVANCE, due.slice(at, at + 1000));
}
