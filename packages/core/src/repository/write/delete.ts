import { dropMatchKeys, moveMatchKeys } from "../../duplicates/keys.js";
import { NotFound } from "../../errors/core-errors.js";
import { ReferenceViolation } from "../../errors/storage-errors.js";
import { journalMoved, journalPurged } from "../../journal/changed-fields.js";
import type { EntityModel } from "../../model/entity-model.js";
import { encodePatch, type RecordValues } from "../../model/record-codec.js";
import { TENANT_COLUMN } from "../../model/system-fields.js";
import { dropProvenance } from "../../provenance/keep.js";
import type { Session } from "../../runtime/session.js";
import { and, type Filter } from "../../storage/filter.js";
import { keepStates } from "../../temporal/keep-states.js";
import { checkReferences, raiseIssues } from "./checks.js";
import { type Child, childrenOf, inBatches, pointsAt } from "./children.js";
import { clearReferences } from "./clear.js";
import { asLeft } from "./create.js";
import { operation, queueCommitted, runHooks } from "./operation.js";
import { assertReach } from "./reach.js";
import { guard, later, lockRecords, noteVersions, type RawChange, writeGuarded } from "./update.js";

/** One deletion, restoring or purge with everything that it takes along. */
interface Sweep {
  /** The instant that marks what went into the bin together. */
  readonly at: string;
  /** `entity:id` of what is dealt with: references may go round in a circle. */
  readonly done: Set<string>;
}

/** Into the recycle bin, together with what cascades. Refused while live records restrict it. */
export async function deleteRecords(
  outer: Session,
  view: EntityModel,
  changes: readonly Omit<RawChange, "patch">[],
  sweep?: Sweep,
): Promise<void> {
  if (changes.length === 0) return;
  outer.require(view, "delete");
  const entity = view.full;
  const work = async (session: Session, progress: { started: boolean }): Promise<void> => {
    const { at, done } = sweep ?? { at: session.now(), done: new Set() };
    const ids = mark(entity, changes, done);
    const locked = await lockRecords(session, entity, ids, changes);
    await assertReach(session, entity, "delete", locked);
    const batch = locked.map((before) => ({ before: Object.freeze(before) }));
    progress.started = true;
    await runHooks(session, entity.name, "delete", "before", batch);
    const records = await asLeft(session, entity, locked);
    for (const child of childrenOf(session, entity)) {
      const where = and(pointsAt(child, ids), session.rows());
      if (child.field.onDelete === "restrict") await refuseWhile(session, entity, child, where, done);
      else if (child.field.onDelete === "cascade") {
        await inBatches(session, child.entity, where, done, (found) =>
          // Who may delete a record may delete what is part of it.
          deleteRecords(
            session.trusted(),
            child.entity,
            found.map((id) => ({ id })),
            { at, done },
          ),
        );
      }
    }
    await flip(session, entity, records, at);
    session.forgetReferences();
    await runHooks(session, entity.name, "delete", "after", batch);
    queueCommitted(session, entity.name, "delete", batch);
  };
  await operation(outer, `${entity.name}.delete`, work, sweep !== undefined);
}

/** Out of the recycle bin, together with what went in with it. */
export async function restoreRecord(outer: Session, view: EntityModel, id: string): Promise<RecordValues> {
  outer.require(view, "delete");
  const [row] = await restoreRecords(outer, view.full, [id]);
  return row as RecordValues;
}

/** Several that went into the bin at one instant, and may need one another. */
export async function restoreRecords(
  outer: Session,
  entity: EntityModel,
  ids: readonly string[],
  sweep?: Sweep,
): Promise<RecordValues[]> {
  const work = async (session: Session, progress: { started: boolean }): Promise<RecordValues[]> => {
    const done = sweep?.done ?? new Set();
    const wanted = mark(
      entity,
      ids.map((id) => ({ id })),
      done,
    );
    const withDeleted = { withDeleted: true };
    const locked = await lockRecords(session, entity, wanted, [], withDeleted);
    await assertReach(session, entity, "delete", locked);
    const deleted = locked.filter((record) => record["deletedAt"] !== null);
    const [first] = deleted;
    if (!first) return locked;
    const at = sweep?.at ?? (first["deletedAt"] as string);
    progress.started = true;
    await runHooks(
      session,
      entity.name,
      "restore",
      "before",
      deleted.map((before) => ({ before: Object.freeze(before) })),
    );
    const records = await asLeft(session, entity, deleted, withDeleted);
    const rows = await flip(session, entity, records, null);
    for (const child of childrenOf(session, entity)) {
      if (child.field.onDelete !== "cascade") continue;
      const together: Filter = { op: "eq", column: "deleted_at", value: at };
      const where = and(pointsAt(child, wanted), together, session.rows(true));
      await inBatches(session, child.entity, where, done, async (found) => {
        await restoreRecords(session.trusted(), child.entity, found, { at, done });
      });
    }
    await refuseOrphans(session, entity, rows);
    const batch = rows.map((row) => ({ row: Object.freeze(row) }));
    await runHooks(session, entity.name, "restore", "after", batch);
    queueCommitted(session, entity.name, "restore", batch);
    return asLeft(session, entity, rows);
  };
  return operation(outer, `${entity.name}.restore`, work, sweep !== undefined);
}

/** For good. What restricts must be gone, also out of the bin; what cascades is purged; other references are cleared. */
export async function purgeRecords(
  outer: Session,
  view: EntityModel,
  changes: readonly Omit<RawChange, "patch">[],
  sweep?: Sweep,
): Promise<void> {
  if (changes.length === 0) return;
  outer.require(view, "purge");
  const entity = view.full;
  const work = async (session: Session, progress: { started: boolean }): Promise<void> => {
    const { at, done } = sweep ?? { at: session.now(), done: new Set() };
    const ids = mark(entity, changes, done);
    const locked = await lockRecords(session, entity, ids, changes, { withDeleted: true });
    await assertReach(session, entity, "purge", locked);
    const batch = locked.map((before) => ({ before: Object.freeze(before) }));
    progress.started = true;
    await runHooks(session, entity.name, "purge", "before", batch);
    const records = await asLeft(session, entity, locked, { withDeleted: true });
    for (const child of childrenOf(session, entity)) {
      const where = and(pointsAt(child, ids), session.rows(true));
      if (child.field.onDelete === "restrict") await refuseWhile(session, entity, child, where, done);
      else if (child.field.onDelete === "cascade") {
        await inBatches(session, child.entity, where, done, (found) =>
          purgeRecords(
            session.trusted(),
            child.entity,
            found.map((id) => ({ id })),
            { at, done },
          ),
        );
      } else await clearReferences(session, child, where, done, at);
    }
    const own: Filter = { op: "eq", column: TENANT_COLUMN, value: session.tenant };
    const { count } = await session
      .operations()
      .deleteWhere(entity.table, and({ op: "in", column: "id", values: ids }, own));
    // Rows that point at one another in a circle are gone already: the database cascades as well.
    if (count < ids.length && done.size === ids.length)
      throw NotFound({ entity: entity.name, id: ids[0] as string });
    await endShares(session, entity, ids);
    await dropMatchKeys(session, ids);
    await dropProvenance(session, ids);
    session.forgetReferences();
    await journalPurged(session, entity, records);
    await runHooks(session, entity.name, "purge", "after", batch);
    queueCommitted(session, entity.name, "purge", batch);
  };
  await operation(outer, `${entity.name}.purge`, work, sweep !== undefined);
}

/** An id names no record any more: nobody is left to share it with. */
async function endShares(session: Session, entity: EntityModel, ids: readonly string[]): Promise<void> {
  const shares = session.runtime.composition.directory?.shares;
  if (!shares) return;
  const of: Filter = { op: "eq", column: shares.columns.of, value: entity.name };
  const records: Filter = { op: "in", column: shares.columns.record, values: ids };
  await session.operations().deleteWhere(shares.table, and(session.rows(true), of, records));
}

/** The ids of a batch, each once, noted as dealt with. */
function mark(entity: EntityModel, changes: readonly { readonly id: string }[], done: Set<string>): string[] {
  const ids = new Set(changes.map((change) => String(change.id).toLowerCase()));
  for (const id of ids) done.add(`${entity.name}:${id}`);
  return [...ids];
}

/** Moves records into the bin (an instant) or out of it (null). */
async function flip(
  session: Session,
  entity: EntityModel,
  records: readonly RecordValues[],
  deletedAt: string | null,
): Promise<RecordValues[]> {
  const now = deletedAt ?? session.now();
  const rows = records.map((before): RecordValues => {
    const version = (before["version"] as number) + 1;
    return { ...before, deletedAt, updatedAt: later(before, now), version };
  });
  await writeGuarded(
    session,
    entity,
    rows.map((row, i) => ({
      where: guard(session, records[i] as RecordValues),
      patch: encodePatch(entity, { deletedAt, updatedAt: row["updatedAt"], version: row["version"] }, row),
    })),
    records,
  );
  noteVersions(session, entity, rows);
  await keepStates(
    session,
    entity,
    rows.map((row, i) => ({ before: records[i] as RecordValues, row })),
  );
  await moveMatchKeys(session, entity, rows, deletedAt === null);
  await journalMoved(session, entity, deletedAt === null ? "restore" : "delete", records, rows);
  return rows;
}

/** What cannot be without its reference does not come back before that: no live record restricts or follows a dead one. */
async function refuseOrphans(
  session: Session,
  entity: EntityModel,
  rows: readonly RecordValues[],
): Promise<void> {
  const issues = rows.map(() => []);
  await checkReferences(session, entity, rows, issues, [], {
    only: (field) => field.onDelete !== "set null",
  });
  raiseIssues(entity, issues);
}

async function refuseWhile(
  session: Session,
  entity: EntityModel,
  child: Child,
  where: Filter,
  done: ReadonlySet<string>,
): Promise<void> {
  const going = [...done]
    .filter((key) => key.startsWith(`${child.entity.name}:`))
    .map((key) => key.split(":")[1]);
  const others: Filter =
    going.length === 0
      ? where
      : and(where, { op: "not", of: { op: "in", column: "id", values: going as string[] } });
  const rows = await session
    .operations()
    .findMany({ table: child.entity.table, columns: ["id"], where: others, orderBy: [], limit: 1 });
  if (rows.length === 0) return;
  throw ReferenceViolation({ table: entity.name, constraint: `${child.entity.name}.${child.field.name}` });
}
