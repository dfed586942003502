import type { EntityModel } from "../model/entity-model.js";
import { STILL_VALID, VALID_TO } from "../model/history-table.js";
import { writeField } from "../model/record-codec.js";
import { SEARCH_COLUMN } from "../model/system-fields.js";
import { ERASED, type PersonalModel } from "../privacy/personal-model.js";
import { childrenOf, pointsAt } from "../repository/write/children.js";
import type { Session } from "../runtime/session.js";
import type { StoredRow } from "../storage/adapter.js";
import { and, type Filter } from "../storage/filter.js";
import { ofTenant } from "./rows.js";

/** Columns of a state that say when it was, and not what. */
const WHEN = ["version", "updated_at"];

/** Clears every state of records that are anonymised, as the records themselves are. @param patch as it is stored */
export async function clearStates(
  session: Session,
  { history }: EntityModel,
  records: readonly { readonly id: string; readonly patch: StoredRow }[],
): Promise<void> {
  if (!history) return;
  const updates = records.map(({ id, patch }) => ({
    where: and(ofTenant(session), { op: "eq", column: "id", value: id }),
    patch: Object.fromEntries(Object.entries(patch).filter(([column]) => !WHEN.includes(column))),
  }));
  await session.operations().updateEach(history.name, updates);
}

/** Takes the ids of deleted records out of all states that name them, where the database takes them out of the records. */
export async function forgetLinks(
  session: Session,
  entity: EntityModel,
  ids: readonly string[],
): Promise<void> {
  for (const child of childrenOf(session, entity)) {
    const { history } = child.entity;
    if (!history || child.field.onDelete !== "set null") continue;
    await session.operations().updateWhere(history.name, and(ofTenant(session), pointsAt(child, ids)), {
      [child.field.column]: null,
    });
  }
}

/**
 * Erases the past states that were about a subject, also of records that are about somebody else by now. States that
 * are deleted leave a time of which nothing is known.
 */
export async function erasePastStates(session: Session, model: PersonalModel, about: Filter): Promise<void> {
  const { entity, erase } = model;
  const { history } = entity;
  if (!history || typeof erase === "object" || (about.op === "const" && !about.value)) return;
  const past: Filter = { op: "lt", column: VALID_TO, value: STILL_VALID };
  const where = and(ofTenant(session), about, past);
  if (erase === "delete") {
    await session.operations().deleteWhere(history.name, where);
    return;
  }
  const patch: StoredRow = {};
  for (const { field, value } of model.cleared) {
    // What is computed is computed from the record as it is; of the past, nothing has to go on.
    const left =
      typeof value === "function" || field.encrypted
        ? field.optional || field.encrypted
          ? null
          : ERASED
        : value;
    if (field.encrypted) for (const { name } of field.columns) patch[name] = null;
    else writeField(patch, field, left);
  }
  if (entity.searchable.length > 0) patch[SEARCH_COLUMN] = null;
  if (Object.keys(patch).length > 0) await session.operations().updateWhere(history.name, where, patch);
}
