import { InvalidQuery, ValidationFailed } from "../../errors/core-errors.js";
import type { EntityModel } from "../../model/entity-model.js";
import { decodeRecord, type RecordValues } from "../../model/record-codec.js";
import type { EntityValidator } from "../../model/validate.js";
import type { Session } from "../../runtime/session.js";
import { and, type Filter, or } from "../../storage/filter.js";
import { fieldValue } from "../parse-condition.js";
import { visible } from "../parse-where.js";
import { createRecords } from "./create.js";
import { updateRecords } from "./update.js";

/** Creates what is not there yet by the given key, changes what is. One query finds all that exist. */
export async function upsertRecords(
  outer: Session,
  entity: EntityModel,
  validator: EntityValidator,
  inputs: readonly unknown[],
  on: readonly string[],
): Promise<RecordValues[]> {
  if (inputs.length === 0) return [];
  const unique = entity.unique.some(
    (names) => names.length === on.length && names.every((name) => on.includes(name)),
  );
  if (!unique) {
    const keys = entity.unique.map((names) => `[${names.join(", ")}]`).join(", ") || "none";
    throw InvalidQuery({
      reason: `upsertMany on ${entity.name} needs one of its unique keys (${keys}), not [${on.join(", ")}].`,
    });
  }
  const values = inputs.map((input) => validator.preparePatch(input));
  const keys = values.map((value, i) => keyOf(entity, value, on, i));
  if (new Set(keys).size < keys.length)
    throw InvalidQuery({ reason: `A batch of upserts has the same [${on.join(", ")}] twice.` });

  return outer.atomically(async (session) => {
    const existing = await findExisting(session, entity, values, on);
    const fresh: number[] = [];
    const known: number[] = [];
    keys.forEach((key, i) => {
      (existing.has(key) ? known : fresh).push(i);
    });
    const created = await createRecords(
      session,
      entity,
      validator,
      fresh.map((i) => inputs[i]),
    );
    const updated = await updateRecords(
      session,
      entity,
      validator,
      known.map((i) => ({
        id: (existing.get(keys[i] as string) as RecordValues)["id"] as string,
        patch: inputs[i],
      })),
    );
    const result: RecordValues[] = new Array(inputs.length);
    fresh.forEach((i, n) => {
      result[i] = created[n] as RecordValues;
    });
    known.forEach((i, n) => {
      result[i] = updated[n] as RecordValues;
    });
    return result;
  });
}

async function findExisting(
  session: Session,
  entity: EntityModel,
  values: readonly RecordValues[],
  on: readonly string[],
): Promise<Map<string, RecordValues>> {
  const columns = on.map((name) => entity.fields.get(name));
  const single = columns.length === 1 ? columns[0] : undefined;
  const match: Filter = single
    ? { op: "in", column: single.column, values: values.map((value) => value[single.name] as string) }
    : or(
        ...values.map((value) =>
          and(
            ...columns.map(
              (field): Filter => ({
                op: "eq",
                column: field?.column ?? "",
                value: value[field?.name ?? ""] as string,
              }),
            ),
          ),
        ),
      );
  const rows = await session.operations().findMany({
    table: entity.table,
    columns: entity.columns,
    where: and(match, visible(session)),
    orderBy: [],
    limit: values.length,
  });
  const found = new Map<string, RecordValues>();
  for (const row of rows) {
    const record = decodeRecord(entity.fieldList, row);
    found.set(JSON.stringify(on.map((name) => record[name])), record);
  }
  return found;
}

function keyOf(entity: EntityModel, value: RecordValues, on: readonly string[], index: number): string {
  const key = on.map((name) => {
    const field = entity.fields.get(name);
    const given = value[name];
    if (!field || given === undefined || given === null) {
      const pointer = `/${index}/${name}`;
      throw ValidationFailed({
        entity: entity.name,
        issues: [{ pointer, code: "required", message: "is required as the key of an upsert" }],
      });
    }
    value[name] = fieldValue(field, given, `${entity.name}.${name}`);
    return value[name];
  });
  return JSON.stringify(key);
}
