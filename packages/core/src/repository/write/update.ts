import { guardDuplicates } from "../../duplicates/guard.js";
import { dropMatchKeys, keepMatchKeys } from "../../duplicates/keys.js";
import { rulesFor } from "../../duplicates/rules.js";
import { InvalidQuery, NotFound, VersionConflict } from "../../errors/core-errors.js";
import type { Issue } from "../../errors/corm-error.js";
import { journalUpdating } from "../../journal/changed-fields.js";
import type { EntityModel } from "../../model/entity-model.js";
import { encodePatch, type RecordValues, sameValue } from "../../model/record-codec.js";
import { TENANT_COLUMN } from "../../model/system-fields.js";
import type { EntityValidator } from "../../model/validate.js";
import { keepProvenance } from "../../provenance/keep.js";
import type { Session } from "../../runtime/session.js";
import type { RowUpdate } from "../../storage/adapter.js";
import type { Filter } from "../../storage/filter.js";
import { keepStates } from "../../temporal/keep-states.js";
import { loadByIds } from "../read.js";
import { checkAttached } from "./attached.js";
import { checkReferences, givenReferences, type Place, raiseIssues, resolveReferences } from "./checks.js";
import { asLeft } from "./create.js";
import { operation, queueCommitted, refuseStrays, runBefore, runHooks } from "./operation.js";
import { assertReach, movesRecord, ownershipFields, unreached } from "./reach.js";

export interface RawChange {
  readonly id: string;
  readonly patch: unknown;
  readonly version?: number | undefined;
}

interface Change {
  readonly before: RecordValues;
  readonly patch: RecordValues;
}

/** Changes a batch, each record by its own patch. A patch that changes nothing writes nothing. */
export async function updateRecords(
  outer: Session,
  view: EntityModel,
  validator: EntityValidator,
  changes: readonly RawChange[],
  place: Place,
): Promise<RecordValues[]> {
  if (changes.length === 0) return [];
  outer.require(view, "update");
  const entity = view.full;
  const ids = changes.map((change) => String(change.id).toLowerCase());
  if (new Set(ids).size < ids.length)
    throw InvalidQuery({ reason: "A batch of updates names one record twice." });
  const prepare = () => changes.map((change) => validator.preparePatch(change.patch, view));
  let prepared: RecordValues[] | undefined = prepare();
  return operation(outer, `${entity.name}.update`, async (session, progress) => {
    const loaded = await lockRecords(session, entity, ids, changes);
    // Prepared anew on a second try, since hooks may have changed the first copy.
    const patches = prepared ?? prepare();
    prepared = undefined;
    await assertReach(session, entity, "update", loaded);
    const given = givenReferences(session, entity, patches);
    const { country } = session;
    patches.forEach((patch, i) => {
      validator.standardize(patch, country, loaded[i]);
    });
    let batch = patches.map(
      (patch, i): Change => ({ before: Object.freeze(loaded[i] as RecordValues), patch }),
    );
    if (session.runtime.composition.hooks.of(entity.name, "update", "before").length > 0) {
      await resolveReferences(session, entity, patches, given);
      const formed = patches.map((patch) => ({ ...patch }));
      progress.started = true;
      await runBefore(session, entity.name, "update", batch, () =>
        raiseIssues(
          entity,
          formed.map((patch) => validator.checkPatch(patch)),
          place,
        ),
      );
      refuseStrays(session, entity, "update", patches);
      // A hook may have written the record itself: the patch goes on top of that.
      const current = await asLeft(session, entity, loaded);
      batch = current.map((before, i) => {
        const patch = patches[i] as RecordValues;
        // What it is read by may be of the record.
        validator.standardize(patch, country, before, before === loaded[i] ? formed[i] : undefined);
        return { before: Object.freeze(before), patch };
      });
    }
    const issues = batch.map(({ patch }) => validator.checkPatch(patch));
    const effective = batch.map(({ before, patch }) => effectivePatch(before, patch));
    const resolved = await checkReferences(session, entity, effective, issues, given, { resolve: true });
    const hanging = moved(entity, batch, effective);
    if (await checkAttached(session, entity, hanging, issues, given))
      adopt(entity, batch, effective, hanging);
    if (resolved) dropUnchanged(batch, effective);
    batch.forEach(({ before }, i) => {
      issues[i]?.push(...immutableIssues(entity, before, effective[i] as RecordValues));
    });
    raiseIssues(entity, issues, place);
    const transferred = await checkTransfers(session, entity, loaded, effective, given);

    const now = session.now();
    const written = batch.map(({ before }, i) =>
      afterImage(session, entity, before, effective[i] as RecordValues, now),
    );
    const sealed = entity.encrypted.some((field) => effective.some((patch) => patch[field.name] != null));
    const cipher = sealed ? await session.sealing() : undefined;
    const updates: { readonly at: number; readonly update: RowUpdate }[] = [];
    written.forEach((row, at) => {
      const patch = effective[at] as RecordValues;
      const before = (batch[at] as Change).before;
      if (Object.keys(patch).length === 0) return;
      const system = { updatedAt: row["updatedAt"], version: row["version"] };
      const columns = encodePatch(entity, { ...patch, ...system }, row, cipher);
      updates.push({ at, update: { where: guard(session, before), patch: columns } });
    });
    if (updates.length > 0) {
      const matching = await matchedChanges(session, entity, written, effective, place);
      progress.started = true;
      const after = updates.map(({ at }) => ({
        before: (batch[at] as Change).before,
        row: Object.freeze(written[at] as RecordValues),
        changed: new Set(Object.keys(effective[at] as RecordValues)),
      }));
      const write = { table: entity.table, updates: updates.map(({ update }) => update) };
      refuseLost(
        entity,
        await journalUpdating(session, entity, after, write),
        after.map((change) => change.before),
      );
      const moved = updates.filter(({ at }) => movesRecord(session, entity, effective[at] as RecordValues));
      const rowsOf = (list: typeof moved) => list.map(({ at }) => written[at] as RecordValues);
      // Who hands a record on may lose sight of it; no other change may carry it out of reach.
      const [kept, handedOn] = [
        moved.filter(({ at }) => !transferred.has(at)),
        moved.filter(({ at }) => transferred.has(at)),
      ];
      await assertReach(session, entity, "update", rowsOf(kept));
      await assertReach(session, entity, "update", rowsOf(handedOn), session.access.restriction(entity));
      noteVersions(
        session,
        entity,
        after.map((change) => change.row),
      );
      await matching?.();
      if (entity.history) await keepStates(session, entity, after);
      await keepProvenance(session, entity, after);
      await runHooks(session, entity.name, "update", "after", after);
      queueCommitted(session, entity.name, "update", after);
    }
    return asLeft(session, entity, written);
  });
}

/**
 * Holds records against the rules of duplicates where a field changes that one of them compares.
 *
 * @returns what keeps their new keys, once they are written
 */
async function matchedChanges(
  session: Session,
  entity: EntityModel,
  written: readonly RecordValues[],
  effective: readonly RecordValues[],
  place: Place,
): Promise<(() => Promise<void>) | undefined> {
  const rules = await rulesFor(session, entity);
  if (!rules) return undefined;
  const at = effective.flatMap((patch, i) =>
    Object.keys(patch).some((name) => rules.fields.has(name)) ? [i] : [],
  );
  if (at.length === 0) return undefined;
  const rows = at.map((i) => written[i] as RecordValues);
  const notePairs = await guardDuplicates(session, entity, rules, rows, (n) => place(at[n] as number));
  return async () => {
    await dropMatchKeys(
      session,
      rows.map((row) => row["id"] as string),
    );
    await keepMatchKeys(session, entity, rules, rows);
    await notePairs();
  };
}

/** Which records of a batch the caller hands to another owner or team. @throws forbidden where he may not */
async function checkTransfers(
  session: Session,
  entity: EntityModel,
  before: readonly RecordValues[],
  effective: readonly RecordValues[],
  given: readonly RecordValues[],
): Promise<ReadonlySet<number>> {
  const transferred = new Set<number>();
  const names = ownershipFields(entity);
  effective.forEach((patch, at) => {
    // What a hook decided, such as a rule of assignment, is not the caller's doing.
    if (names.some((name) => name in patch && patch[name] === given[at]?.[name])) transferred.add(at);
  });
  if (transferred.size > 0) {
    session.require(entity, "transfer");
    await assertReach(
      session,
      entity,
      "transfer",
      [...transferred].map((at) => before[at] as RecordValues),
    );
  }
  if (!session.access.has(entity.name, "transfer")) return transferred;
  // Where a hook hands on what the caller might hand on himself, such as a ticket with its queue, it may go out of his reach.
  const byHook = effective.flatMap((patch, at) =>
    !transferred.has(at) && names.some((name) => name in patch) ? [before[at] as RecordValues] : [],
  );
  const held = await unreached(session, entity, byHook, session.access.filter(entity, "transfer"));
  const handed = new Set(byHook);
  before.forEach((record, at) => {
    if (handed.has(record) && !held.has(record["id"] as string)) transferred.add(at);
  });
  return transferred;
}

/** The records of a write, locked, in the order asked for. @throws not-found, version-conflict */
export async function lockRecords(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
  expected: readonly { readonly version?: number | undefined }[] = [],
  options: { readonly withDeleted?: boolean } = {},
): Promise<RecordValues[]> {
  const found = await loadByIds(session, entity, ids, { lock: true, ...options });
  return ids.map((id, i) => {
    const record = found.get(id);
    if (!record) throw NotFound({ entity: entity.name, id: id.slice(0, 64) });
    checkVersion(entity, record, expected[i]?.version);
    return record;
  });
}

/** @throws version-conflict where a version is expected and the record has another */
export function checkVersion(entity: EntityModel, record: RecordValues, expected: number | undefined): void {
  const actual = record["version"] as number;
  if (expected === undefined || expected === actual) return;
  throw VersionConflict({ entity: entity.name, id: record["id"] as string, expected, actual });
}

/** Only the version that was read may be replaced, whoever holds locks. */
export function guard(session: Session, before: RecordValues): Filter {
  return {
    op: "and",
    of: [
      { op: "eq", column: "id", value: before["id"] as string },
      { op: "eq", column: TENANT_COLUMN, value: session.tenant },
      { op: "eq", column: "version", value: before["version"] as number },
    ],
  };
}

/** @throws version-conflict where a record moved on between reading and writing */
export async function writeGuarded(
  session: Session,
  entity: EntityModel,
  updates: readonly RowUpdate[],
  before: readonly RecordValues[],
): Promise<void> {
  refuseLost(entity, await session.operations().updateEach(entity.table, updates), before);
}

/** @throws version-conflict where one of the updates matched no row */
function refuseLost(entity: EntityModel, counts: readonly number[], before: readonly RecordValues[]): void {
  const lost = counts.findIndex((count) => count !== 1);
  if (lost < 0) return;
  const record = before[lost] as RecordValues;
  const expected = record["version"] as number;
  throw VersionConflict({ entity: entity.name, id: record["id"] as string, expected, actual: expected + 1 });
}

/** Remembers what a write left, for the operation around it. */
export function noteVersions(session: Session, entity: EntityModel, rows: readonly RecordValues[]): void {
  // Only a write inside another operation can make that operation's own copy stale.
  if (session.chain.length < 2) return;
  for (const row of rows)
    session.scope?.versions.set(`${entity.name}:${row["id"] as string}`, row["version"] as number);
}

function effectivePatch(before: RecordValues, patch: RecordValues): RecordValues {
  const effective: RecordValues = {};
  for (const [name, value] of Object.entries(patch)) {
    if (value !== undefined && !sameValue(before[name], value)) effective[name] = value;
  }
  return effective;
}

function afterImage(
  session: Session,
  entity: EntityModel,
  before: RecordValues,
  patch: RecordValues,
  now: string,
): RecordValues {
  const names = Object.keys(patch);
  if (names.length === 0) return before;
  // What the system works out is written beside the version: who edits the record has not missed anything.
  const besides = session.actor.kind === "system" && names.every((name) => entity.fields.get(name)?.derived);
  if (besides) return { ...before, ...patch };
  return { ...before, ...patch, updatedAt: later(before, now), version: (before["version"] as number) + 1 };
}

/** The instant of a write: clocks of several processes differ, but a record never goes back in time. */
export function later(before: RecordValues, now: string): string {
  const last = before["updatedAt"] as string;
  return now < last ? last : now;
}

/** The records that come to hang on another one. */
function moved(
  { access: { attached } }: EntityModel,
  batch: readonly Change[],
  effective: readonly RecordValues[],
): (RecordValues | undefined)[] {
  if (!attached) return [];
  const names = [attached.entity.name, attached.record.name];
  return batch.map(({ before }, i) => {
    const patch = effective[i] as RecordValues;
    return names.some((name) => name in patch) ? { ...before, ...patch } : undefined;
  });
}

/** Takes over the survivors that records hang on now. */
function adopt(
  { access: { attached } }: EntityModel,
  batch: readonly Change[],
  effective: readonly RecordValues[],
  hanging: readonly (RecordValues | undefined)[],
): void {
  const name = attached?.record.name;
  if (name === undefined) return;
  effective.forEach((patch, i) => {
    const id = hanging[i]?.[name];
    if (id !== undefined && id !== (patch[name] ?? batch[i]?.before[name])) patch[name] = id;
  });
  dropUnchanged(batch, effective);
}

/** A record that named the survivor before does so still. */
function dropUnchanged(batch: readonly Change[], effective: readonly RecordValues[]): void {
  effective.forEach((patch, i) => {
    const { before } = batch[i] as Change;
    for (const name of Object.keys(patch)) if (sameValue(before[name], patch[name])) delete patch[name];
  });
}

function immutableIssues(entity: EntityModel, before: RecordValues, patch: RecordValues): Issue[] {
  return entity.immutable
    .filter((field) => patch[field.name] !== undefined && !sameValue(before[field.name], patch[field.name]))
    .map((field) => ({
      pointer: `/${field.name}`,
      code: "immutable",
      message: "cannot be changed once it is set",
    }));
}
