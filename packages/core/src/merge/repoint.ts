import { moveMatchKeys } from "../duplicates/keys.js";
import { rulesFor } from "../duplicates/rules.js";
import { isCormError } from "../errors/corm-error.js";
import { journalUpdated } from "../journal/changed-fields.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { encodePatch, type RecordValues, writeField } from "../model/record-codec.js";
import { keepProvenance, provenanceOf } from "../provenance/keep.js";
import { loadByIds } from "../repository/read.js";
import { inBatches } from "../repository/write/children.js";
import { deleteRecords } from "../repository/write/delete.js";
import { runMergeHooks } from "../repository/write/operation.js";
import { guard, later, noteVersions, writeGuarded } from "../repository/write/update.js";
import { visibleIds } from "../runtime/ids-among.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter, or } from "../storage/filter.js";
import { keepStates } from "../temporal/keep-states.js";
import { InvalidMerge } from "./errors.js";
import { type Link, linksTo } from "./links.js";
import { type MergeLog, provenanceStep } from "./log.js";

/** Rows of which each asks for a comparison of its own. */
const CHUNK = 100;

/**
 * Lets everything that names one of some records name the survivor instead, those in the recycle bin among them, past the
 * hooks: nothing of a child changes but whom it belongs to. A child that cannot be there twice is taken up by the one that
 * the survivor has already, with its own children.
 */
export async function repointAll(
  session: Session,
  log: MergeLog,
  entity: EntityModel,
  losers: readonly string[],
  survivor: string,
  depth = 0,
): Promise<void> {
  const merged = new Set([survivor, ...losers]);
  for (const link of linksTo(session, entity)) {
    const where = and(link.names(losers), session.rows(true));
    await inBatches(session, link.entity, where, new Set(), async (ids) => {
      // A record does not become its own parent.
      const others = link.entity.name === entity.name ? ids.filter((id) => !merged.has(id)) : ids;
      if (others.length > 0) await repoint(session, log, link, others, survivor, depth);
    });
  }
}

async function repoint(
  session: Session,
  log: MergeLog,
  link: Link,
  ids: readonly string[],
  survivor: string,
  depth: number,
): Promise<void> {
  const { entity, field } = link;
  const found = await loadByIds(session, entity, ids, { lock: true, withDeleted: true, trusted: true });
  const taken = await alreadyThere(session, entity, field, [...found.values()], survivor);
  const moving = [...found.values()].filter((row) => !taken.has(row["id"] as string));
  const changes = moving.map((before) => ({ before, patch: { [field.name]: survivor } }));
  const known = await provenanceOf(session, entity, ids);
  await askHooks(session, log.caller, entity, changes);
  const written = await writeFields(session, entity, changes);
  await runMergeHooks(session, entity.name, written);
  await log.note(
    ...moving.map((row) => ({
      kind: "set" as const,
      entity: entity.name,
      recordId: row["id"] as string,
      field: field.name,
      before: row[field.name],
      after: survivor,
      ...provenanceStep(session, entity, field.name, known.get(row["id"] as string)),
    })),
  );
  log.moved(entity.name, field.name, moving.length);
  for (const [id, other] of taken) {
    if (depth < MAX_DEPTH) await repointAll(session, log, entity, [id], other, depth + 1);
    await asSeen(log.caller, entity, [id], () => deleteRecords(session, entity, [{ id }]));
    await log.note({ kind: "bin", entity: entity.name, recordId: id });
  }
}

const MAX_DEPTH = 4;

/** Rows that would be the survivor's second of something that there is one of: by id, the id of the one that stays. */
async function alreadyThere(
  session: Session,
  entity: EntityModel,
  field: FieldModel,
  rows: readonly RecordValues[],
  survivor: string,
): Promise<Map<string, string>> {
  const taken = new Map<string, string>();
  for (const names of entity.unique) {
    if (!names.includes(field.name)) continue;
    const fields = names.map((name) => entity.fields.get(name) as FieldModel);
    const keyOf = (row: RecordValues): string | undefined => {
      if (row["deletedAt"] !== null) return undefined;
      const values = fields.map((one) => (one === field ? survivor : row[one.name]));
      return values.some((value) => value === null || value === undefined)
        ? undefined
        : JSON.stringify(values);
    };
    const holders = new Map<string, string>();
    const live = rows.filter((row) => keyOf(row) !== undefined && !taken.has(row["id"] as string));
    for (let i = 0; i < live.length; i += CHUNK) {
      const chunk = live.slice(i, i + CHUNK);
      const found = await session.operations().findMany({
        table: entity.table,
        columns: ["id", ...fields.flatMap(({ columns }) => columns.map(({ name }) => name))],
        where: and(or(...chunk.map((row) => sameKey(fields, field, row, survivor))), session.rows()),
        orderBy: [],
        limit: chunk.length,
      });
      for (const row of found) holders.set(columnsKey(fields, row), row["id"] as string);
    }
    for (const row of live) {
      const key = columnsKey(fields, encoded(fields, { ...row, [field.name]: survivor }));
      const holder = holders.get(key);
      if (holder === undefined) holders.set(key, row["id"] as string);
      else taken.set(row["id"] as string, holder);
    }
  }
  return taken;
}

function encoded(fields: readonly FieldModel[], row: RecordValues): StoredRow {
  const columns: StoredRow = {};
  for (const one of fields) if (!one.encrypted) writeField(columns, one, row[one.name]);
  return columns;
}

const columnsKey = (fields: readonly FieldModel[], row: StoredRow): string =>
  JSON.stringify(fields.flatMap(({ columns }) => columns.map(({ name }) => row[name] ?? null)));

function sameKey(
  fields: readonly FieldModel[],
  field: FieldModel,
  row: RecordValues,
  survivor: string,
): Filter {
  const columns = encoded(fields, { ...row, [field.name]: survivor });
  return and(
    ...Object.entries(columns).map(
      ([column, value]): Filter => ({ op: "eq", column, value: value as string }),
    ),
  );
}

export interface FieldChange {
  readonly before: RecordValues;
  readonly patch: RecordValues;
}

/**
 * Lets hooks before an update that hear of merges refuse what a merge, or its undoing, would change.
 *
 * @throws what they throw; invalid-merge instead where it would tell the caller of records that he does not see
 */
export function askHooks(
  session: Session,
  caller: Session,
  entity: EntityModel,
  changes: readonly FieldChange[],
): Promise<void> {
  const batch = changes.map(({ before, patch }) =>
    Object.freeze({ before: Object.freeze(before), patch: Object.freeze({ ...patch }) }),
  );
  const ids = changes.map(({ before }) => before["id"] as string);
  return asSeen(caller, entity, ids, () => runMergeHooks(session, entity.name, batch, "before"));
}

async function asSeen(
  caller: Session,
  entity: EntityModel,
  ids: readonly string[],
  work: () => Promise<unknown>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isCormError(error)) throw error;
    const seen = caller.access.has(entity.name, "read")
      ? await visibleIds(caller, entity, [...new Set(ids)])
      : new Set<string>();
    if (ids.every((id) => seen.has(id))) throw error;
    throw InvalidMerge({
      reason: `Something that belongs to these records, and that you do not see, may not be changed now (${error.code}).`,
    });
  }
}

/**
 * Writes fields of records past their hooks, with all that core itself keeps of a write. Answers what hooks with `merges`
 * are to hear.
 */
export async function writeFields(
  session: Session,
  entity: EntityModel,
  changes: readonly FieldChange[],
): Promise<readonly { before: RecordValues; row: RecordValues; changed: ReadonlySet<string> }[]> {
  if (changes.length === 0) return [];
  const now = session.now();
  const sealed = entity.encrypted.some(({ name }) => changes.some(({ patch }) => patch[name] != null));
  const cipher = sealed ? await session.sealing() : undefined;
  const batch = changes.map(({ before, patch }) => {
    const system = { updatedAt: later(before, now), version: (before["version"] as number) + 1 };
    return {
      before,
      patch: { ...patch, ...system },
      row: { ...before, ...patch, ...system } as RecordValues,
      changed: Object.keys(patch),
    };
  });
  await writeGuarded(
    session,
    entity,
    batch.map(({ before, patch, row }) => ({
      where: guard(session, before),
      patch: encodePatch(entity, patch, row, cipher),
    })),
    batch.map(({ before }) => before),
  );
  const rows = batch.map(({ row }) => row);
  noteVersions(session, entity, rows);
  await keepStates(session, entity, batch);
  const rules = await rulesFor(session, entity);
  const compared = batch.filter(
    ({ row, changed }) => row["deletedAt"] === null && changed.some((name) => rules?.fields.has(name)),
  );
  if (compared.length > 0)
    await moveMatchKeys(
      session,
      entity,
      compared.map(({ row }) => row),
      true,
    );
  await keepProvenance(session, entity, batch);
  await journalUpdated(session, entity, batch);
  return batch.map(({ before, row, changed }) => ({ before, row, changed: new Set(changed) }));
}
