import type { FieldCipher } from "../../encryption/field-cipher.js";
import { InvalidQuery } from "../../errors/core-errors.js";
import type { Issue } from "../../errors/corm-error.js";
import { TransactionConflict, UniqueViolation } from "../../errors/storage-errors.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import { columnsOf, indexValue, type RecordValues, writeField } from "../../model/record-codec.js";
import { pointer, storedForm } from "../../model/stored-form.js";
import type { EntityValidator } from "../../model/validate.js";
import type { Session } from "../../runtime/session.js";
import type { StoredRow } from "../../storage/adapter.js";
import { always, and, type Filter, or } from "../../storage/filter.js";
import { decodeRows } from "../decode-rows.js";
import { isId } from "../parse-condition.js";
import { loadByIds } from "../read.js";
import { visibleSurvivors } from "../redirect.js";
import { raiseIssues } from "./checks.js";
import { createRecords } from "./create.js";
import { updateRecords } from "./update.js";

const SCALARS: Partial<Record<FieldModel["kind"], string>> = {
  string: "string",
  enum: "string",
  integer: "number",
  number: "number",
  boolean: "boolean",
};

/** Creates what is not there yet by the given key, changes what is. One query finds all that exist. */
export async function upsertRecords(
  outer: Session,
  view: EntityModel,
  validator: EntityValidator,
  inputs: readonly unknown[],
  on: readonly string[],
): Promise<RecordValues[]> {
  if (inputs.length === 0) return [];
  const entity = view.full;
  const unique = view.unique.some(
    (names) => names.length === on.length && names.every((name) => on.includes(name)),
  );
  if (!unique) {
    const keys = view.unique.map((names) => `[${names.join(", ")}]`).join(", ") || "none";
    throw InvalidQuery({
      reason: `upsertMany on ${entity.name} needs one of its unique keys (${keys}), not [${on.join(", ")}].`,
    });
  }
  const values = inputs.map((input) => {
    const value = validator.preparePatch(input, view);
    validator.standardize(value, outer.country);
    return value;
  });
  // A blind index is the key of an encrypted field.
  const sealed = on.some((name) => entity.fields.get(name)?.encrypted);
  const cipher = sealed ? await outer.reading() : undefined;
  const keysOf = () =>
    distinct(
      on,
      values.map((value, i) => keyOf(entity, value, on, i, cipher)),
    );
  let keys = keysOf();
  const rows = [...inputs];

  return outer.atomically(async (session) => {
    let existing = await findExisting(session, entity, values, on, cipher);
    const unknown = keys.flatMap((key, i) => (existing.has(key) ? [] : [i]));
    if (await resolveKeys(session, entity, on, { unknown, values, rows })) {
      keys = keysOf();
      existing = await findExisting(session, entity, values, on, cipher);
    }
    await refuseHidden(session, entity, on, existing);
    const fresh: number[] = [];
    const known: number[] = [];
    keys.forEach((key, i) => {
      (existing.has(key) ? known : fresh).push(i);
    });
    const created = await createRecords(
      session,
      view,
      validator,
      fresh.map((i) => rows[i]),
      (n) => `/${fresh[n]}`,
    ).catch((error) => {
      throw raced(entity, on, error);
    });
    const updated = await updateRecords(
      session,
      view,
      validator,
      known.map((i) => ({
        id: (existing.get(keys[i] as string) as RecordValues)["id"] as string,
        patch: rows[i],
      })),
      (n) => `/${known[n]}`,
    );
    const result: RecordValues[] = new Array(inputs.length);
    fresh.forEach((i, n) => {
      result[i] = created[n] as RecordValues;
    });
    known.forEach((i, n) => {
      result[i] = updated[n] as RecordValues;
    });
    return result;
  }, false);
}

/** @throws invalid-query where two of the keys are one */
function distinct(on: readonly string[], keys: readonly string[]): readonly string[] {
  if (new Set(keys).size === keys.length) return keys;
  throw InvalidQuery({ reason: `A batch of upserts has the same [${on.join(", ")}] twice.` });
}

/**
 * Puts survivors in the place of merged records in the keys of those inputs of which there is no record: by its new key there
 * may be one. Asks nothing where no reference is in the key.
 *
 * @returns whether there were any
 */
async function resolveKeys(
  session: Session,
  entity: EntityModel,
  on: readonly string[],
  batch: { readonly unknown: readonly number[]; readonly values: RecordValues[]; readonly rows: unknown[] },
): Promise<boolean> {
  let resolved = false;
  for (const name of on) {
    const target = entity.fields.get(name)?.target;
    if (!target || batch.unknown.length === 0) continue;
    const ids = batch.unknown.map((i) => batch.values[i]?.[name] as string);
    const survivors = await visibleSurvivors(session, session.entity(target), [...new Set(ids)]);
    for (const [n, i] of batch.unknown.entries()) {
      const survivor = survivors.get(ids[n] as string);
      if (survivor === undefined) continue;
      batch.values[i] = { ...batch.values[i], [name]: survivor };
      batch.rows[i] = { ...(batch.rows[i] as RecordValues), [name]: survivor };
      resolved = true;
    }
  }
  return resolved;
}

/** Somebody else made a record of the same key since it was looked for: core begins again, and will find it. */
function raced(entity: EntityModel, on: readonly string[], error: unknown): unknown {
  if (!UniqueViolation.is(error)) return error;
  const columns = (error.meta["columns"] ?? []) as readonly string[];
  const ours = on.every((name) => columns.includes(entity.fields.get(name)?.keyColumn ?? ""));
  if (!ours) return error;
  return TransactionConflict(
    { reason: `another one created the same [${on.join(", ")}] of ${entity.name}` },
    { cause: error },
  );
}

/** Keys of one statement: each of several fields is a comparison of its own. */
const CHUNK = 500;

async function findExisting(
  session: Session,
  entity: EntityModel,
  values: readonly RecordValues[],
  on: readonly string[],
  cipher: FieldCipher | undefined,
): Promise<Map<string, RecordValues>> {
  const fields = on.map((name) => entity.fields.get(name) as FieldModel);
  const wanted = [...fields, entity.fields.get("id") as FieldModel];
  const found = new Map<string, RecordValues>();
  for (let i = 0; i < values.length; i += CHUNK) {
    const chunk = values.slice(i, i + CHUNK);
    const rows = await session.operations().findMany({
      table: entity.table,
      columns: columnsOf(wanted),
      where: and(keyFilter(fields, chunk, cipher), session.rows()),
      orderBy: [],
      limit: chunk.length,
    });
    const records = await decodeRows(session, wanted, rows);
    rows.forEach((row, n) => {
      const record = records[n] as RecordValues;
      const key = fields.map((field) => (field.encrypted ? row[field.keyColumn] : record[field.name]));
      found.set(JSON.stringify(key), record);
    });
  }
  return found;
}

/** A record of the same key that the actor may not see keeps his out, as for a create: nothing else is told of it. */
async function refuseHidden(
  session: Session,
  entity: EntityModel,
  on: readonly string[],
  existing: ReadonlyMap<string, RecordValues>,
): Promise<void> {
  const filter = session.access.filter(entity, "read");
  if (filter === always || existing.size === 0) return;
  const ids = [...existing.values()].map((record) => record["id"] as string);
  const seen = await loadByIds(session, entity, ids);
  if (seen.size === ids.length) return;
  throw UniqueViolation({
    table: entity.table,
    columns: on.map((name) => (entity.fields.get(name) as FieldModel).column),
  });
}

function keyFilter(
  fields: readonly FieldModel[],
  values: readonly RecordValues[],
  cipher: FieldCipher | undefined,
): Filter {
  const [field, ...more] = fields as [FieldModel, ...FieldModel[]];
  if (more.length === 0 && field.kind !== "money")
    return {
      op: "in",
      column: field.keyColumn,
      values: values.map((value) => keyValue(field, value[field.name], cipher) as string),
    };
  return or(...values.map((value) => and(...fields.flatMap((each) => columnsEqual(each, value, cipher)))));
}

function keyValue(field: FieldModel, value: unknown, cipher: FieldCipher | undefined): unknown {
  return field.encrypted && value != null ? indexValue(field, value, cipher as FieldCipher) : value;
}

function columnsEqual(field: FieldModel, value: RecordValues, cipher: FieldCipher | undefined): Filter[] {
  const row: StoredRow = {};
  if (field.encrypted)
    return [
      { op: "eq", column: field.keyColumn, value: keyValue(field, value[field.name], cipher) as string },
    ];
  writeField(row, field, value[field.name]);
  return Object.entries(row).map(([column, stored]) => ({ op: "eq", column, value: stored as string }));
}

/** The key of one input, its values in their stored form. */
function keyOf(
  entity: EntityModel,
  value: RecordValues,
  on: readonly string[],
  index: number,
  cipher: FieldCipher | undefined,
): string {
  const issues: Issue[] = [];
  const key = on.map((name) => {
    const field = entity.fields.get(name) as FieldModel;
    const given = value[name];
    if (given !== undefined && given !== null) value[name] = storedForm(field, given, issues);
    else
      issues.push({
        pointer: pointer(name),
        code: "required",
        message: "is required as the key of an upsert",
      });
    if (field.kind === "reference" && typeof value[name] === "string" && !isId(value[name]))
      issues.push({ pointer: pointer(name), code: "format", message: "must be an id" });
    const type = SCALARS[field.kind];
    if (type && value[name] != null && typeof value[name] !== type)
      issues.push({ pointer: pointer(name), code: "type", message: `must be ${type}` });
    return field.encrypted && issues.length > 0 ? null : keyValue(field, value[name], cipher);
  });
  raiseIssues(entity, [issues], () => `/${index}`);
  return JSON.stringify(key);
}
