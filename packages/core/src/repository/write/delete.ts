import { NotFound } from "../../errors/core-errors.js";
import { ReferenceViolation } from "../../errors/storage-errors.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import { encodePatch, type RecordValues } from "../../model/record-codec.js";
import { TENANT_COLUMN } from "../../model/system-fields.js";
import type { Session } from "../../runtime/session.js";
import { and, type Filter } from "../../storage/filter.js";
import { visible } from "../parse-where.js";
import { operation, queueCommitted, runHooks } from "./operation.js";
import { guard, lockRecords, noteVersions, type RawChange, writeGuarded } from "./update.js";

const CASCADE_BATCH = 500;

interface Child {
  readonly entity: EntityModel;
  readonly field: FieldModel;
}

/** Reference fields of all entities that point at this one. */
function childrenOf(session: Session, entity: EntityModel): Child[] {
  const children: Child[] = [];
  for (const other of session.runtime.composition.entities.values()) {
    for (const field of other.inputFields) {
      if (field.kind === "reference" && field.target === entity.name) children.push({ entity: other, field });
    }
  }
  return children;
}

/** Into the recycle bin, together with what cascades. Refused while live records restrict it. */
export async function deleteRecords(
  outer: Session,
  entity: EntityModel,
  changes: readonly Omit<RawChange, "patch">[],
): Promise<void> {
  if (changes.length === 0) return;
  await operation(outer, `${entity.name}.delete`, async (session, progress) => {
    const ids = changes.map((change) => String(change.id).toLowerCase());
    const records = await lockRecords(session, entity, [...new Set(ids)], changes);
    const batch = records.map((before) => ({ before: Object.freeze(before) }));
    progress.started = true;
    await runHooks(session, entity.name, "delete", "before", batch);
    for (const child of childrenOf(session, entity)) {
      const where = pointsAt(child, ids);
      if (child.field.onDelete === "restrict")
        await refuseWhile(session, entity, child, and(where, visible(session)));
      else if (child.field.onDelete === "cascade") {
        await inBatches(session, child.entity, and(where, visible(session)), (found) =>
          deleteRecords(
            session,
            child.entity,
            found.map((id) => ({ id })),
          ),
        );
      }
    }
    await flip(session, entity, records, session.now());
    await runHooks(session, entity.name, "delete", "after", batch);
    queueCommitted(session, entity.name, "delete", batch);
  });
}

/** Out of the recycle bin, together with what went in with it. */
export async function restoreRecord(outer: Session, entity: EntityModel, id: string): Promise<RecordValues> {
  return operation(outer, `${entity.name}.restore`, async (session, progress) => {
    const [before] = (await lockRecords(session, entity, [String(id).toLowerCase()], [], {
      withDeleted: true,
    })) as [RecordValues];
    if (before["deletedAt"] === null) return before;
    progress.started = true;
    await runHooks(session, entity.name, "restore", "before", [{ before: Object.freeze(before) }]);
    const [row] = (await flip(session, entity, [before], null)) as [RecordValues];
    for (const child of childrenOf(session, entity)) {
      if (child.field.onDelete !== "cascade") continue;
      const together: Filter = { op: "eq", column: "deleted_at", value: before["deletedAt"] as string };
      await inBatches(
        session,
        child.entity,
        and(pointsAt(child, [row["id"] as string]), together, visible(session, true)),
        async (found) => {
          for (const childId of found) await restoreRecord(session, child.entity, childId);
        },
      );
    }
    const batch = [{ row: Object.freeze(row) }];
    await runHooks(session, entity.name, "restore", "after", batch);
    queueCommitted(session, entity.name, "restore", batch);
    return row;
  });
}

/** For good. What restricts must be gone, also out of the bin; what cascades is purged; other references are cleared. */
export async function purgeRecord(outer: Session, entity: EntityModel, id: string): Promise<void> {
  await operation(outer, `${entity.name}.purge`, async (session, progress) => {
    const ids = [String(id).toLowerCase()];
    const [before] = (await lockRecords(session, entity, ids, [], { withDeleted: true })) as [RecordValues];
    const batch = [{ before: Object.freeze(before) }];
    progress.started = true;
    await runHooks(session, entity.name, "purge", "before", batch);
    for (const child of childrenOf(session, entity)) {
      const where = and(pointsAt(child, ids), visible(session, true));
      if (child.field.onDelete === "restrict") await refuseWhile(session, entity, child, where);
      else if (child.field.onDelete === "cascade") {
        await inBatches(session, child.entity, where, async (found) => {
          for (const childId of found) await purgeRecord(session, child.entity, childId);
        });
      } else {
        const patch = { [child.field.column]: null, version: { add: 1 }, updated_at: session.now() };
        await session.operations().updateWhere(child.entity.table, where, patch);
      }
    }
    const { count } = await session.operations().deleteWhere(entity.table, guard(session, before));
    if (count !== 1) throw NotFound({ entity: entity.name, id: ids[0] as string });
    await runHooks(session, entity.name, "purge", "after", batch);
    queueCommitted(session, entity.name, "purge", batch);
  });
}

/** Moves records into the bin (an instant) or out of it (null). */
async function flip(
  session: Session,
  entity: EntityModel,
  records: readonly RecordValues[],
  deletedAt: string | null,
): Promise<RecordValues[]> {
  const rows = records.map((before) => ({
    ...before,
    deletedAt,
    updatedAt: session.now(),
    version: (before["version"] as number) + 1,
  }));
  await writeGuarded(
    session,
    entity,
    rows.map((row, i) => ({
      where: guard(session, records[i] as RecordValues),
      patch: encodePatch(entity, { deletedAt, updatedAt: row.updatedAt, version: row.version }, row),
    })),
    records,
  );
  noteVersions(session, entity, rows);
  return rows;
}

function pointsAt(child: Child, ids: readonly string[]): Filter {
  return { op: "in", column: child.field.column, values: ids };
}

async function refuseWhile(
  session: Session,
  entity: EntityModel,
  child: Child,
  where: Filter,
): Promise<void> {
  const rows = await session
    .operations()
    .findMany({ table: child.entity.table, columns: ["id"], where, orderBy: [], limit: 1 });
  if (rows.length === 0) return;
  throw ReferenceViolation({ table: entity.name, constraint: `${child.entity.name}.${child.field.name}` });
}

/** Walks ids by keyset, so that a walk over what it changes itself still ends. */
async function inBatches(
  session: Session,
  entity: EntityModel,
  where: Filter,
  work: (ids: string[]) => Promise<void>,
): Promise<void> {
  let last: string | undefined;
  for (;;) {
    const rows = await session.operations().findMany({
      table: entity.table,
      columns: ["id"],
      where: and(where, { op: "eq", column: TENANT_COLUMN, value: session.tenant }),
      orderBy: [{ column: "id", direction: "asc" }],
      limit: CASCADE_BATCH,
      ...(last === undefined ? {} : { after: [last] }),
    });
    if (rows.length === 0) return;
    const ids = rows.map((row) => row["id"] as string);
    last = ids[ids.length - 1];
    await work(ids);
    if (rows.length < CASCADE_BATCH) return;
  }
}
