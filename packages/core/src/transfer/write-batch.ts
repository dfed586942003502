import type { Repository } from "../context/repository.js";
import { type Intake, intakeOf } from "../crm/services/intake.js";
import { Forbidden, ValidationFailed } from "../errors/core-errors.js";
import type { CormError, Issue } from "../errors/corm-error.js";
import { UniqueViolation } from "../errors/storage-errors.js";
import type { Rejection } from "../import/settle.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import type { RecordValues } from "../model/record-codec.js";
import { storedForm } from "../model/stored-form.js";
import { isId } from "../repository/parse-condition.js";
import { MAX_LIMIT } from "../repository/read.js";
import { visibleSurvivors } from "../repository/redirect.js";
import type { Session } from "../runtime/session.js";
import { InvalidImport } from "./errors.js";
import type { ImportMode } from "./import-options.js";

type Records = Repository<RecordValues, RecordValues>;

/** Writes the inputs of a batch in the mode of the import; answers the records, but of what goes another way. @throws what repositories throw, for the batch as a whole */
export async function writeBatch(
  tx: Session,
  entity: string,
  inputs: readonly RecordValues[],
  mode: ImportMode,
  on: readonly string[],
  jobId: string,
): Promise<readonly RecordValues[]> {
  if (inputs.length === 0) return [];
  const records = tx.repoOf(entity) as Records;
  if (mode === "create") return records.createMany(inputs);
  if (mode === "upsert") return records.upsertMany(inputs, on);
  if (mode === "update") return updateBatch(tx, records, tx.entity(entity), inputs, on);
  await intake(tx, entity).take(inputs, { importId: jobId });
  return [];
}

/** @throws invalid-import where no plugin takes in records of the entity from channels; forbidden */
export function intake(session: Session, entity: string): Intake {
  const found = session.optional(intakeOf({ name: entity }));
  if (found) {
    if (session.permits(found.permission)) return found;
    throw Forbidden({ reason: `Imports in the mode "capture" take the permission "${found.permission}".` });
  }
  throw InvalidImport({
    reason: `The mode "capture" is for entities that a plugin takes in from channels, and none does so with ${entity}. Use "create" or "upsert".`,
  });
}

async function updateBatch(
  tx: Session,
  records: Records,
  entity: EntityModel,
  inputs: readonly RecordValues[],
  on: readonly string[],
): Promise<RecordValues[]> {
  const keys = inputs.map((input) => keyOf(entity, input, on));
  const ids = await idsByKey(records, entity, keys, on);
  if (on[0] === "id") await addMerged(tx, entity, keys, ids);
  const issues = inputs.flatMap((input, i) => {
    if (ids.has(JSON.stringify(keys[i]))) return [];
    const shown = on.map((name) => `${name} ${String(input[name] ?? "(none)").slice(0, 100)}`).join(", ");
    const message = `there is no ${entity.name} with ${shown}`;
    return [{ pointer: `/${i}/${on[0]}`, code: "not-found", message }];
  });
  if (issues.length > 0) throw ValidationFailed({ entity: entity.name, issues });
  return records.updateMany(
    inputs.map((input, i) => {
      const patch = { ...input };
      for (const name of on) delete patch[name];
      return { id: ids.get(JSON.stringify(keys[i])) as string, patch };
    }),
  );
}

/** A file that was written before a merge may name those that it has taken up: their ids name the survivor. */
async function addMerged(
  tx: Session,
  entity: EntityModel,
  keys: readonly Key[],
  ids: Map<string, string>,
): Promise<void> {
  const missing = keys.flatMap((key) => (key && !ids.has(JSON.stringify(key)) ? [key[0] as string] : []));
  if (missing.length === 0) return;
  const survivors = await visibleSurvivors(tx, entity, [...new Set(missing)]);
  for (const [old, survivor] of survivors) ids.set(JSON.stringify([old]), survivor);
}

type Key = readonly unknown[] | undefined;

const SCALARS: Partial<Record<FieldModel["kind"], string>> = {
  integer: "number",
  number: "number",
  boolean: "boolean",
};

/** The values of a key as records hold them, or undefined where one of them can be no record's. */
function keyOf(entity: EntityModel, input: RecordValues, on: readonly string[]): Key {
  const issues: Issue[] = [];
  const key = on.map((name) => {
    const field = entity.fields.get(name) as FieldModel;
    const given = input[name];
    if (given === undefined || given === null) return undefined;
    const value = storedForm(field, given, issues);
    const right =
      field.kind === "reference" ? isId(value) : typeof value === (SCALARS[field.kind] ?? "string");
    return right || field.kind === "money" ? value : undefined;
  });
  return issues.length > 0 || key.includes(undefined) ? undefined : key;
}

/** Keys of several fields are conditions of their own, of which one query takes so many. */
const COMPOSITE_KEYS = 100;

/** The ids of the records that have one of the keys, by the key as JSON. */
async function idsByKey(
  records: Records,
  entity: EntityModel,
  keys: readonly Key[],
  on: readonly string[],
): Promise<Map<string, string>> {
  const wanted = keys.filter((key) => key !== undefined);
  const found = new Map<string, string>();
  const [name, ...more] = on as [string, ...string[]];
  const size = more.length === 0 ? MAX_LIMIT : COMPOSITE_KEYS;
  for (let i = 0; i < wanted.length; i += size) {
    const some = wanted.slice(i, i + size);
    const where =
      more.length === 0
        ? { [name]: { in: some.map(([value]) => value) } }
        : { or: some.map((key) => Object.fromEntries(on.map((each, n) => [each, key[n]]))) };
    const { items } = await records.find({ where, select: ["id", ...on], limit: size } as never);
    for (const row of items as RecordValues[])
      found.set(JSON.stringify(keyOf(entity, row, on)), row["id"] as string);
  }
  return found;
}

/**
 * Which rows of a batch of creates have a unique key that is taken already, by a record that the actor may see or by
 * an earlier row of the batch.
 */
export async function takenKeys(
  session: Session,
  entity: string,
  error: CormError,
  inputs: readonly RecordValues[],
): Promise<Map<number, Omit<Rejection, "row">>> {
  const taken = new Map<number, Omit<Rejection, "row">>();
  if (!UniqueViolation.is(error)) return taken;
  const records = session.repoOf(entity) as Records;
  const model = session.entity(entity);
  for (const names of model.unique) {
    const field = names.join(", ");
    const keys = inputs.map((input) => keyOf(model, input, names));
    const found = await idsByKey(records, model, keys, names);
    const seen = new Set<string>();
    for (const [i, key] of keys.entries()) {
      if (key === undefined) continue;
      const text = JSON.stringify(key);
      if (found.has(text)) taken.set(i, { field, reason: `there is a ${entity} with this ${field} already` });
      else if (seen.has(text)) taken.set(i, { field, reason: `has the same ${field} as an earlier row` });
      seen.add(text);
    }
  }
  return taken;
}
