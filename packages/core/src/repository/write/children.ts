import type { EntityModel } from "../../model/entity-model.js";
import type { FieldModel } from "../../model/field-model.js";
import type { Session } from "../../runtime/session.js";
import { and, type Filter } from "../../storage/filter.js";

const BATCH = 500;

/** A reference field of another entity. */
export interface Child {
  readonly entity: EntityModel;
  readonly field: FieldModel;
  /** Of records that hang on a record of any entity: which one is meant. */
  readonly of?: Filter;
}

const known = new WeakMap<EntityModel, readonly Child[]>();

/** Reference fields of all entities that point at this one. */
export function childrenOf(session: Session, entity: EntityModel): readonly Child[] {
  let children = known.get(entity);
  if (!children) {
    children = [...session.runtime.composition.entities.values()].flatMap((other) =>
      childFields(other, entity),
    );
    known.set(entity, children);
  }
  return children;
}

function childFields(other: EntityModel, entity: EntityModel): Child[] {
  const fields = other.inputFields
    .filter((field) => field.kind === "reference" && field.target === entity.name)
    .map((field): Child => ({ entity: other, field }));
  const { attached } = other.access;
  if (!attached || entity.internal) return fields;
  const of: Filter = { op: "eq", column: attached.entity.column, value: entity.name };
  return [...fields, { entity: other, field: { ...attached.record, onDelete: "cascade" }, of }];
}

/** The children that point at one of these records. */
export function pointsAt(child: Child, ids: readonly string[]): Filter {
  const points: Filter = { op: "in", column: child.field.column, values: ids };
  return child.of ? and(child.of, points) : points;
}

/**
 * Hands out the ids of the records that satisfy `where`, apart from those that are done. By keyset, so that a walk
 * over what it changes itself still ends.
 */
export async function inBatches(
  session: Session,
  entity: EntityModel,
  where: Filter,
  done: ReadonlySet<string>,
  work: (ids: string[]) => Promise<void>,
): Promise<void> {
  let last: string | undefined;
  for (;;) {
    const rows = await session.operations().findMany({
      table: entity.table,
      columns: ["id"],
      where,
      orderBy: [{ column: "id", direction: "asc" }],
      limit: BATCH,
      ...(last === undefined ? {} : { after: [last] }),
    });
    const ids = rows.map((row) => row["id"] as string).filter((id) => !done.has(`${entity.name}:${id}`));
    if (ids.length > 0) await work(ids);
    if (rows.length < BATCH) return;
    last = rows[rows.length - 1]?.["id"] as string;
  }
}
