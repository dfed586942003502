import { InvalidQuery, UnknownField } from "../errors/core-errors.js";
import type { EntityModel, RelationModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { columnsOf, type RecordValues } from "../model/record-codec.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { always, and } from "../storage/filter.js";
import { nearest } from "../util/words.js";
import { decodeRows } from "./decode-rows.js";
import type { Moment } from "./moment.js";
import { narrowed } from "./narrowed.js";
import { loadByIds } from "./read.js";

/** Records that the to-many includes of one page may bring along. */
const MAX_CHILDREN = 10_000;

/** Puts related records onto items: one query per relation, whatever the number of items. */
export async function loadIncludes(
  session: Session,
  entity: EntityModel,
  includes: readonly string[],
  rows: readonly StoredRow[],
  items: readonly RecordValues[],
  moment?: Moment,
): Promise<void> {
  for (const name of includes) {
    const relation = entity.relations.get(name);
    if (!relation)
      throw UnknownField({
        entity: entity.name,
        field: name,
        what: "relation",
        nearest: nearest(name, entity.relations.keys()),
      });
    if (relation.kind === "one") await includeOne(session, relation, rows, items, moment);
    else await includeMany(session, entity, relation, rows, items, moment);
  }
}

async function includeOne(
  session: Session,
  relation: Extract<RelationModel, { kind: "one" }>,
  rows: readonly StoredRow[],
  items: readonly RecordValues[],
  moment: Moment | undefined,
): Promise<void> {
  const ids = new Set<string>();
  for (const row of rows) {
    const id = row[relation.field.column];
    if (typeof id === "string") ids.add(id);
  }
  const target = (moment ?? session).entity(relation.target);
  const found: ReadonlyMap<string, RecordValues> =
    ids.size > 0 ? await loadByIds(session, target, [...ids], { moment }) : new Map();
  rows.forEach((row, i) => {
    const id = row[relation.field.column];
    // A record that is hidden or in the recycle bin is as if it were not there.
    (items[i] as RecordValues)[relation.name] = typeof id === "string" ? (found.get(id) ?? null) : null;
  });
}

async function includeMany(
  session: Session,
  entity: EntityModel,
  relation: Extract<RelationModel, { kind: "many" }>,
  rows: readonly StoredRow[],
  items: readonly RecordValues[],
  moment: Moment | undefined,
): Promise<void> {
  const scope = moment ?? session;
  const target = scope.entity(relation.target);
  const foreign = target.full.fields.get(relation.foreign) as FieldModel;
  const children = new Map<string, RecordValues[]>();
  rows.forEach((row, i) => {
    const list: RecordValues[] = [];
    children.set(row["id"] as string, list);
    (items[i] as RecordValues)[relation.name] = list;
  });
  if (children.size === 0) return;
  const found = await session.operations().findMany({
    table: target.table,
    columns: columnsOf(new Set([...target.fieldList, foreign])),
    where: narrowed(
      target,
      scope.visible(target),
      and(relation.of ?? always, { op: "in", column: foreign.column, values: [...children.keys()] }),
    ),
    orderBy: [{ column: "id", direction: "asc" }],
    limit: MAX_CHILDREN + 1,
  });
  if (found.length > MAX_CHILDREN) {
    throw InvalidQuery({
      reason: `Including "${entity.name}.${relation.name}" would bring more than ${MAX_CHILDREN} records. Take fewer records a page, or list "${target.name}" by "${relation.foreign}".`,
    });
  }
  const records = await decodeRows(session, target.fieldList, found);
  found.forEach((row, i) => {
    children.get(row[foreign.column] as string)?.push(records[i] as RecordValues);
  });
}
