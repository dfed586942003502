import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { childrenOf } from "../repository/write/children.js";
import type { Session } from "../runtime/session.js";
import { and, type Filter } from "../storage/filter.js";

/** A field of some entity that names records of another one. */
export interface Link {
  readonly entity: EntityModel;
  readonly field: FieldModel;
  /** The rows that name one of these. */
  readonly names: (ids: readonly string[]) => Filter;
}

/** What only keeps the books of merges, and is dealt with by them. */
const OWN = new Set(["mergeStep", "mergedRecord", "recordMerge", "duplicatePair"]);

/**
 * Everything in the app that names records of an entity, from the model alone: references of every plugin, what hangs on
 * records of any entity (`attachedTo`), and shares.
 */
export function linksTo(session: Session, entity: EntityModel): readonly Link[] {
  const links: Link[] = childrenOf(session, entity)
    // The pairs of a tree follow its references by themselves.
    .filter(
      (child) =>
        !OWN.has(child.entity.name) &&
        !child.entity.staysInMerge &&
        child.entity.table !== entity.tree?.table,
    )
    .map(({ entity: child, field }) => ({
      entity: child,
      field,
      names: (ids) => ({ op: "in", column: field.column, values: ids }),
    }));
  const { composition } = session.runtime;
  for (const other of composition.entities.values()) {
    const { attached } = other.access;
    if (!attached || other.staysInMerge || OWN.has(other.name)) continue;
    links.push(polymorphic(other, attached.entity, attached.record, entity.name));
  }
  const shares = composition.directory?.shares;
  const shared = shares && [...composition.entities.values()].find(({ table }) => table === shares.table);
  if (shares && shared && !shared.access.attached) {
    const of = shared.fieldList.find(({ column }) => column === shares.columns.of);
    const record = shared.fieldList.find(({ column }) => column === shares.columns.record);
    if (of && record) links.push(polymorphic(shared, of, record, entity.name));
  }
  return links;
}

function polymorphic(entity: EntityModel, of: FieldModel, record: FieldModel, name: string): Link {
  return {
    entity,
    field: record,
    names: (ids) =>
      and({ op: "eq", column: of.column, value: name }, { op: "in", column: record.column, values: ids }),
  };
}
