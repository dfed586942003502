import { ValidationFailed } from "../../errors/core-errors.js";
import type { Issue } from "../../errors/corm-error.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import type { RecordValues } from "../../model/record-codec.js";
import type { Session } from "../../runtime/session.js";
import { always, and, type Filter } from "../../storage/filter.js";
import { isId } from "../parse-condition.js";
import { survivorsOf } from "../redirect.js";

/** Where in the caller's input the n-th record of a batch stands. */
export type Place = (n: number) => string;
/** The input is the record. */
export const single: Place = () => "";
/** The input is a list of records. */
export const listed: Place = (n) => `/${n}`;

/** @throws validation-failed with the issues of a whole batch, each with the place of its record */
export function raiseIssues(
  entity: EntityModel,
  perRecord: readonly (readonly Issue[])[],
  place: Place = single,
): void {
  const issues = new Map<string, Issue>();
  perRecord.forEach((list, n) => {
    for (const issue of list) {
      const pointer = `${place(n)}${issue.pointer}`;
      // One patch for many records is wrong once.
      issues.set(`${pointer} ${issue.code}`, { ...issue, pointer });
    }
  });
  if (issues.size > 0) throw ValidationFailed({ entity: entity.name, issues: [...issues.values()] });
}

/** The references that the caller himself gave, before any hook: only those must be visible to him. */
export function givenReferences(
  session: Session,
  entity: EntityModel,
  batch: readonly RecordValues[],
): readonly RecordValues[] {
  if (session.access.isSystem) return [];
  return batch.map((values) => {
    const given: RecordValues = {};
    for (const { name } of entity.references) if (name in values) given[name] = values[name];
    return given;
  });
}

/** What is looked at, and what becomes of ids that a merge has taken up. */
export interface ReferenceChecks {
  readonly only?: (field: FieldModel) => boolean;
  /** Puts the survivors in the place of merged records: in the batch, and in what was given. */
  readonly resolve?: boolean;
}

/**
 * Lists references to records that do not exist: one query per reference field, for the whole batch. What the caller
 * named must exist for him; what a hook chose, at all. What the record cannot be without is locked against deletion
 * until the transaction ends. Whether ids are those of merged records is asked of those alone that do not exist.
 *
 * @returns whether survivors were put into the batch
 */
export async function checkReferences(
  session: Session,
  entity: EntityModel,
  batch: readonly RecordValues[],
  perRecord: readonly Issue[][],
  given: readonly RecordValues[] = [],
  { only, resolve = false }: ReferenceChecks = {},
): Promise<boolean> {
  let resolved = false;
  for (const field of entity.references) {
    if (!field.target || (only && !only(field))) continue;
    const target = session.entity(field.target);
    const pending = checkField({ session, field, target, batch, perRecord, given, resolve });
    if (pending && (await pending)) resolved = true;
  }
  return resolved;
}

/**
 * Puts survivors in the place of merged records before hooks see the batch, where this takes no lock earlier than need be;
 * other ids are left as they are, and what was found is not asked for again.
 */
export async function resolveReferences(
  session: Session,
  entity: EntityModel,
  batch: readonly RecordValues[],
  given: readonly RecordValues[],
): Promise<void> {
  const unlocked = (field: FieldModel): boolean => field.onDelete === "set null";
  const ignored = batch.map(() => []);
  await checkReferences(session, entity, batch, ignored, given, { only: unlocked, resolve: true });
}

/** A reference field of a batch that is being checked. */
export interface CheckedField {
  readonly session: Session;
  readonly field: FieldModel;
  readonly target: EntityModel;
  readonly batch: readonly RecordValues[];
  readonly perRecord: readonly Issue[][];
  readonly given: readonly RecordValues[];
  readonly resolve: boolean;
}

/** The references of one field: those that the caller named, and the others. */
export function checkField(checked: CheckedField): Promise<boolean> | undefined {
  const { batch, field, session, target, given } = checked;
  if (!batch.some((values) => isId(values[field.name]))) return undefined;
  const narrowed = session.access.filter(target, "read") !== always;
  if (!narrowed) return checkSome(checked, () => true, false);
  const named = batch.map((values, i) => values[field.name] === given[i]?.[field.name]);
  return (async () => {
    const own = await checkSome(checked, (i) => named[i] === true, true);
    return (await checkSome(checked, (i) => named[i] !== true, false)) || own;
  })();
}

/** @param visible whether they must exist for the caller */
async function checkSome(
  checked: CheckedField,
  isMeant: (i: number) => boolean,
  visible: boolean,
): Promise<boolean> {
  const { session, field, target, batch, perRecord, given, resolve } = checked;
  const seen = session.scope?.seen ?? new Set<string>();
  const locked = field.onDelete !== "set null" && session.inTransaction;
  const suffix = `${visible ? ":visible" : ""}${locked ? ":locked" : ""}`;
  const keyOf = (id: string): string => `${field.target}:${id}${suffix}`;
  const look = async (ids: readonly string[]): Promise<void> => {
    for (const id of await idsThere(session, target, ids, visible, locked)) seen.add(keyOf(id));
  };
  const unseen = (): { readonly i: number; readonly id: string }[] =>
    batch.flatMap((values, i) => {
      const id = values[field.name];
      if (!isId(id) || !isMeant(i) || seen.has(keyOf(id.toLowerCase()))) return [];
      return [{ i, id: id.toLowerCase() }];
    });
  const idsOf = (list: ReturnType<typeof unseen>): string[] => [...new Set(list.map(({ id }) => id))];
  let missing = unseen();
  if (missing.length === 0) return false;
  await look(idsOf(missing));
  missing = unseen();
  let resolved = false;
  if (resolve && missing.length > 0) {
    const survivors = await survivorsOf(session, target, idsOf(missing));
    if (survivors.size > 0) await look([...new Set(survivors.values())]);
    for (const { i, id } of missing) {
      const survivor = survivors.get(id);
      if (survivor === undefined || !seen.has(keyOf(survivor))) continue;
      for (const values of [batch[i], given[i]])
        if (values && String(values[field.name]).toLowerCase() === id) values[field.name] = survivor;
      resolved = true;
    }
    missing = unseen();
  }
  for (const { i, id } of missing)
    perRecord[i]?.push({
      pointer: `/${field.name}`,
      code: "reference-not-found",
      message: `there is no ${field.target} ${id}`,
    });
  return resolved;
}

/** Of ids, those whose records exist: for the caller, or at all. */
async function idsThere(
  session: Session,
  target: EntityModel,
  ids: readonly string[],
  visible: boolean,
  locked: boolean,
): Promise<string[]> {
  const named: Filter =
    ids.length === 1
      ? { op: "eq", column: "id", value: ids[0] as string }
      : { op: "in", column: "id", values: ids };
  const rows = await session.operations().findMany({
    table: target.table,
    columns: ["id"],
    where: and(named, visible ? session.visible(target) : session.rows()),
    // A common order of locking, so that two writers of the same records cannot wait for one another.
    orderBy: locked && ids.length > 1 ? [{ column: "id", direction: "asc" }] : [],
    limit: ids.length,
    ...(locked ? { lock: "share" as const } : {}),
  });
  return rows.map((row) => row["id"] as string);
}
