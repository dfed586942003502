import { ValidationFailed } from "../../errors/core-errors.js";
import type { Issue } from "../../errors/corm-error.js";
import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import type { RecordValues } from "../../model/record-codec.js";
import type { Session } from "../../runtime/session.js";
import { always, and, type Filter } from "../../storage/filter.js";
import { isId } from "../parse-condition.js";

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

/**
 * Lists references to records that do not exist: one query per reference field, for the whole batch. What the caller
 * named must exist for him; what a hook chose, at all. What the record cannot be without is locked against deletion
 * until the transaction ends.
 */
export async function checkReferences(
  session: Session,
  entity: EntityModel,
  batch: readonly RecordValues[],
  perRecord: readonly Issue[][],
  given: readonly RecordValues[] = [],
  only: (field: FieldModel) => boolean = () => true,
): Promise<void> {
  for (const field of entity.references) {
    if (!field.target || !only(field)) continue;
    const target = session.entity(field.target);
    const narrowed = session.access.filter(target, "read") !== always;
    const named = (values: RecordValues, i: number): boolean =>
      narrowed && values[field.name] === given[i]?.[field.name];
    if (narrowed) await checkField(session, field, target, batch, perRecord, named, true);
    await checkField(session, field, target, batch, perRecord, named, false);
  }
}

/** The references of one field: those that the caller named, or the others. */
export async function checkField(
  session: Session,
  field: FieldModel,
  target: EntityModel,
  all: readonly RecordValues[],
  perRecord: readonly Issue[][],
  isNamed: (values: RecordValues, i: number) => boolean,
  wanted: boolean,
): Promise<void> {
  if (!all.some((values) => isId(values[field.name]))) return;
  const seen = session.scope?.seen ?? new Set<string>();
  const locked = field.onDelete !== "set null" && session.inTransaction;
  const reach = wanted ? session.visible(target) : session.rows();
  const suffix = `${wanted ? ":visible" : ""}${locked ? ":locked" : ""}`;
  const keyOf = (id: string): string => `${field.target}:${id}${suffix}`;
  const asked = new Set<string>();
  all.forEach((values, i) => {
    const id = values[field.name];
    if (isId(id) && isNamed(values, i) === wanted && !seen.has(keyOf(id))) asked.add(id);
  });
  if (asked.size > 0) {
    const values = [...asked];
    const named: Filter =
      values.length === 1
        ? { op: "eq", column: "id", value: values[0] as string }
        : { op: "in", column: "id", values };
    const rows = await session.operations().findMany({
      table: target.table,
      columns: ["id"],
      where: and(named, reach),
      // A common order of locking, so that two writers of the same records cannot wait for one another.
      orderBy: locked && values.length > 1 ? [{ column: "id", direction: "asc" }] : [],
      limit: values.length,
      ...(locked ? { lock: "share" as const } : {}),
    });
    for (const row of rows) seen.add(keyOf(row["id"] as string));
  }
  all.forEach((values, i) => {
    const id = values[field.name];
    if (!isId(id) || isNamed(values, i) !== wanted || seen.has(keyOf(id))) return;
    perRecord[i]?.push({
      pointer: `/${field.name}`,
      code: "reference-not-found",
      message: `there is no ${field.target} ${id}`,
    });
  });
}
