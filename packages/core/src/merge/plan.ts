import { ValidationFailed } from "../errors/core-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { type RecordValues, sameValue } from "../model/record-codec.js";
import { loadByIds } from "../repository/read.js";
import type { Session } from "../runtime/session.js";
import { and } from "../storage/filter.js";
import { InvalidMerge } from "./errors.js";
import { linksTo } from "./links.js";

/** Which value a field has afterwards: of one of the records, or another one. */
export type FieldChoice = { readonly from: string } | { readonly value: unknown };

export interface MergeRequest {
  readonly survivorId: string;
  readonly ids: readonly string[];
  /** By field; left out: the survivor's, or else that of the record that was changed last. */
  readonly fields?: Readonly<Record<string, FieldChoice>> | undefined;
}

export interface PlannedField {
  readonly field: string;
  /** The record whose value it is; null for none. */
  readonly from: string | null;
  readonly value: unknown;
  /** The values of all records that have one. */
  readonly options: { id: string; value: unknown }[];
}

/** Fields that make sense together only: one record's, or another's. */
const TOGETHER = [["street", "city", "region", "postalCode"]];
/** Records of one merge. */
export const MAX_MERGED = 100;

const has = (record: RecordValues, name: string): boolean =>
  record[name] !== null && record[name] !== undefined;

/** The ids of a request: the survivor and the others, each once. @throws invalid-merge */
export function idsOf({ survivorId, ids }: MergeRequest): {
  readonly survivor: string;
  readonly losers: string[];
} {
  const survivor = survivorId.toLowerCase();
  const losers = [...new Set(ids.map((id) => id.toLowerCase()))].filter((id) => id !== survivor);
  if (losers.length === 0)
    throw InvalidMerge({ reason: "Name at least one record beside the survivor in ids." });
  if (losers.length >= MAX_MERGED)
    throw InvalidMerge({
      reason: `At most ${MAX_MERGED} records become one at once: merge the rest into the survivor after it.`,
    });
  return { survivor, losers };
}

/** What each field has afterwards, and what there is to choose from, as a view of the entity shows it. */
export function planFields(
  view: EntityModel,
  survivor: RecordValues,
  losers: readonly RecordValues[],
  choices: MergeRequest["fields"] = {},
): PlannedField[] {
  for (const name of Object.keys(choices))
    if (!view.writable.has(name) || view.writable.get(name)?.ownInMerge)
      throw ValidationFailed({
        entity: view.name,
        issues: [
          { pointer: `/fields/${name}`, code: "unknown-field", message: "is no field that you can set" },
        ],
      });
  // Whoever was changed last is nearest to the truth.
  const latest = [...losers].sort((a, b) =>
    (a["updatedAt"] as string) < (b["updatedAt"] as string) ? 1 : -1,
  );
  const order = [survivor, ...latest];
  return view.inputFields
    .filter((field) => !field.masked && !field.immutable && !field.ownInMerge)
    .map((field) => planField(field, order, choices[field.name]));
}

function planField(
  field: FieldModel,
  order: readonly RecordValues[],
  choice: FieldChoice | undefined,
): PlannedField {
  const { name } = field;
  const options = order
    .filter((record) => has(record, name))
    .map((record) => ({ id: record["id"] as string, value: record[name] }));
  if (choice && "value" in choice) return { field: name, from: null, value: choice.value, options };
  if (choice) {
    const chosen = order.find((record) => record["id"] === choice.from.toLowerCase());
    if (!chosen)
      throw InvalidMerge({
        reason: `The value of "${name}" is to come from ${choice.from}, which is not among the records.`,
      });
    return { field: name, from: chosen["id"] as string, value: chosen[name] ?? null, options };
  }
  const group = TOGETHER.find((names) => names.includes(name));
  const first = group
    ? order.find((record) => group.some((one) => has(record, one)))
    : order.find((record) => has(record, name));
  return { field: name, from: first ? (first["id"] as string) : null, value: first?.[name] ?? null, options };
}

export interface MergePlan {
  readonly survivorId: string;
  readonly loserIds: string[];
  /** Those in which the records differ, or in which the survivor gets another value. */
  readonly fields: PlannedField[];
  /** What would hang on the survivor instead, of what the actor may see. */
  readonly moved: { entity: string; field: string; count: number }[];
  /** Of each record: a merge that names them is refused where one has moved on. */
  readonly versions: Record<string, number>;
}

/** What a merge would do, without doing it. @throws not-found; invalid-merge */
export async function planMerge(session: Session, name: string, request: MergeRequest): Promise<MergePlan> {
  const view = session.entity(name);
  session.require(view, "read");
  const { survivor: survivorId, losers: loserIds } = idsOf(request);
  const found = await loadByIds(session, view, [survivorId, ...loserIds]);
  const records = [survivorId, ...loserIds].map((id) => {
    const record = found.get(id);
    if (!record) throw InvalidMerge({ reason: `There is no ${name} ${id.slice(0, 64)}.` });
    return record;
  });
  const [survivor, ...losers] = records as [RecordValues, ...RecordValues[]];
  const fields = planFields(view, survivor, losers, request.fields).filter(
    ({ options, value, field }) =>
      !sameValue(value, survivor[field]) || options.some((one) => !sameValue(one.value, value)),
  );
  const moved = await visibleMoves(session, view.full, loserIds);
  const versions = Object.fromEntries(
    records.map((record) => [record["id"] as string, record["version"] as number]),
  );
  return { survivorId, loserIds, fields, moved, versions };
}

/** How many records name one of these, by entity and field, of what the actor may see. */
export async function visibleMoves(
  session: Session,
  full: EntityModel,
  loserIds: readonly string[],
): Promise<{ entity: string; field: string; count: number }[]> {
  const moved = [];
  for (const { entity, field, names } of linksTo(session, full)) {
    if (
      entity.internal ||
      !session.access.has(entity.name, "read") ||
      !session.entity(entity.name).fields.has(field.name)
    )
      continue;
    const [row] = await session.operations().aggregate({
      table: entity.table,
      where: and(names(loserIds), session.visible(entity)),
      groupBy: [],
      measures: [{ as: "n", fn: "count" }],
      orderBy: [],
      limit: 1,
    });
    const count = (row?.["n"] as number | undefined) ?? 0;
    if (count > 0) moved.push({ entity: entity.name, field: field.name, count });
  }
  return moved;
}
