import { NotFound } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import { type RecordValues, sameValue } from "../model/record-codec.js";
import { type HandedOn, handOn } from "../provenance/keep.js";
import { loadByIds } from "../repository/read.js";
import { purgeRecords, restoreRecords } from "../repository/write/delete.js";
import { mergeHooks, runMergeHooks } from "../repository/write/operation.js";
import { assertReach } from "../repository/write/reach.js";
import { lockRecords } from "../repository/write/update.js";
import { visibleIds } from "../runtime/ids-among.js";
import type { Session } from "../runtime/session.js";
import { isUuid } from "../util/uuid.js";
import { MergeNotUndoable } from "./errors.js";
import { opened, type Step } from "./log.js";
import { askHooks, writeFields } from "./repoint.js";

export interface UnmergeResult {
  readonly mergeId: string;
  readonly survivorId: string;
  readonly restoredIds: string[];
  /** What was not put back, since somebody has changed it after the merge. */
  readonly kept: { entity: string; id: string; field: string }[];
}

// biome-ignore lint/suspicious/noExplicitAny: bookkeeping of entities that are declared above this folder.
type Books = any;
const books = (session: Session, name: string): Books => session.repo({ name } as never);
const PAGE = 500;

/**
 * Takes a merge back, in one transaction: what it moved goes back, what it overwrote comes back, its records come out of the
 * recycle bin, and their ids name them again. What was changed since stays as it was changed.
 *
 * @throws not-found; forbidden; merge-not-undoable
 */
export async function unmergeRecords(outer: Session, name: string, mergeId: string): Promise<UnmergeResult> {
  const view = outer.entity(name);
  outer.require(view, "update");
  outer.require(view, "delete");
  if (!isUuid(mergeId.toLowerCase())) throw NotFound({ entity: "recordMerge", id: mergeId.slice(0, 64) });
  return outer.atomically(async (session) => {
    const system = session.asSystem({
      capability: "crm.merge",
      reason: `merge of ${name} taken back`,
    }) as Session;
    const merge = await books(system, "recordMerge").get(mergeId, { lock: true });
    if (merge.entity !== name) throw NotFound({ entity: "recordMerge", id: mergeId });
    const refuse = (reason: string) => MergeNotUndoable({ id: mergeId, reason });
    const entity = view.full;
    const { survivorId } = merge as { survivorId: string };
    // Whoever does not see the survivor does not learn that there was a merge.
    const found = await loadByIds(session, entity, [survivorId]);
    if (found.size === 0 && merge.state === "merged") {
      const moved = await books(system, "mergedRecord").first({ where: { oldId: survivorId } });
      if (moved && (await loadByIds(session, entity, [moved.survivorId])).size > 0)
        throw refuse(`its survivor was merged into ${moved.survivorId} since: take that merge back first`);
      throw NotFound({ entity: name, id: survivorId });
    }
    if (merge.state !== "merged") throw refuse("it was taken back before");
    if (session.now() > merge.undoUntil) throw refuse(`that was possible until ${merge.undoUntil}`);
    const survivor = await lockRecords(session, entity, [survivorId]);
    await assertReach(session, entity, "update", survivor);
    const trusted = session.trusted().from({ source: "unmerge", reference: mergeId, ...session.origin });
    const losers = await loadByIds(trusted, entity, merge.loserIds, { withDeleted: true, trusted: true });
    if (losers.size < merge.loserIds.length) throw refuse("a record of it was removed for good");
    // Somebody took one out of the recycle bin, and merged it anew.
    const again = await books(system, "mergedRecord").first({
      where: { oldId: { in: merge.loserIds }, mergeId: { ne: mergeId } },
    });
    if (again) throw refuse(`${again.oldId} was merged once more since: take that merge back first`);
    await assertReach(session, entity, "delete", [...losers.values()]);

    const kept: UnmergeResult["kept"] = [];
    const heard = new Map<string, unknown[]>();
    const steps = books(system, "mergeStep");
    let position = Number.MAX_SAFE_INTEGER;
    let count = 0;
    for (;;) {
      // Backwards: what was done last is undone first.
      const { items } = await steps.find({
        where: { mergeId, position: { lt: position } },
        orderBy: ["-position"],
        limit: PAGE,
      });
      if (items.length === 0) break;
      for (const run of runsOf(items)) await undo(trusted, session, run, kept, heard);
      position = items.at(-1).position;
      count += items.length;
    }
    if (count === 0) throw refuse("what it did is not kept any more");
    // By now all are back that the records name.
    for (const [of, changes] of heard) await runMergeHooks(trusted, of, changes);
    await books(system, "recordMerge").update(mergeId, { state: "undone" });
    return { mergeId, survivorId, restoredIds: [...merge.loserIds], kept: await visibleOf(session, kept) };
  });
}

/** Of what was not put back, what the actor may know of. */
async function visibleOf(session: Session, kept: UnmergeResult["kept"]): Promise<UnmergeResult["kept"]> {
  const seen = new Map<string, ReadonlySet<string>>();
  for (const name of new Set(kept.map(({ entity }) => entity))) {
    const ids = kept.flatMap(({ entity, id }) => (entity === name ? [id] : []));
    seen.set(name, await visibleIds(session, session.model(name), [...new Set(ids)]));
  }
  return kept.filter(
    ({ entity, id, field }) => seen.get(entity)?.has(id) && session.entity(entity).fields.has(field),
  );
}

/** Neighbouring steps of one kind on one field: undone with as many statements as one. */
function* runsOf(steps: readonly Step[]): Generator<readonly Step[]> {
  let run: Step[] = [];
  for (const step of steps) {
    const [first] = run;
    const same =
      first &&
      first.kind === step.kind &&
      first.entity === step.entity &&
      first.field === step.field &&
      !run.some(({ recordId }) => recordId === step.recordId);
    if (!same && run.length > 0) {
      yield run;
      run = [];
    }
    run.push(step);
  }
  if (run.length > 0) yield run;
}

async function undo(
  trusted: Session,
  caller: Session,
  run: readonly Step[],
  kept: UnmergeResult["kept"],
  heard: Map<string, unknown[]>,
): Promise<void> {
  const [{ kind, entity: name, field }] = run as [Step];
  const entity = trusted.runtime.composition.entities.get(name);
  // Its plugin is gone, and its records with it.
  if (!entity) return;
  const ids = run.map(({ recordId }) => recordId);
  if (kind === "bin") {
    await restore(trusted, entity, ids);
    return;
  }
  const found = await loadByIds(trusted, entity, ids, { lock: true, withDeleted: true, trusted: true });
  if (kind === "make") {
    await purgeRecords(
      trusted,
      entity,
      ids.filter((id) => found.has(id)).map((id) => ({ id })),
    );
    return;
  }
  const changes: { before: RecordValues; patch: RecordValues }[] = [];
  const known: HandedOn[] = [];
  for (const noted of run) {
    const step = await opened(trusted, noted);
    const before = found.get(step.recordId);
    if (!before || field === undefined || !entity.fields.has(field)) continue;
    if (sameValue(before[field] ?? null, step.after ?? null)) {
      changes.push({ before, patch: { [field]: step.before ?? null } });
      if (step.provenance) known.push({ recordId: step.recordId, field, known: step.provenance[0] });
    } else kept.push({ entity: name, id: step.recordId, field });
  }
  await askHooks(trusted, caller, entity, changes);
  const written = await writeFields(trusted, entity, changes);
  await handOn(trusted, known);
  if (mergeHooks(trusted, name).length > 0) heard.set(name, [...(heard.get(name) ?? []), ...written]);
}

/** What went in together comes out together: one of them may be what another cannot be without. */
async function restore(trusted: Session, entity: EntityModel, ids: readonly string[]): Promise<void> {
  const found = await loadByIds(trusted, entity, ids, { withDeleted: true, trusted: true });
  const together = new Map<string, string[]>();
  for (const id of ids) {
    const at = found.get(id)?.["deletedAt"] as string | null | undefined;
    if (at) together.set(at, [...(together.get(at) ?? []), id]);
  }
  for (const gone of together.values()) {
    // One that came out with what it hangs on is out already.
    const now = await loadByIds(trusted, entity, gone, { withDeleted: true, trusted: true });
    const left = gone.filter((id) => now.get(id)?.["deletedAt"]);
    if (left.length > 0) await restoreRecords(trusted, entity, left);
  }
}
