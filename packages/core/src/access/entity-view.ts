import type { FieldRight } from "../context/role.js";
import type { EntityModel } from "../model/entity-model.js";
import type { FieldModel } from "../model/field-model.js";
import { columnsOf } from "../model/record-codec.js";

/**
 * The entity as an actor may see it: names that he may not see are not in it.
 *
 * @param readable whether he may read records of another entity at all: relations to others lead nowhere
 * @param tells whether he may ask for a field of another entity: a to-many relation tells what it holds
 */
export function entityView(
  full: EntityModel,
  rightOn: (field: FieldModel) => FieldRight,
  readable: (entity: string) => boolean,
  tells: (entity: string, field: string) => boolean,
): EntityModel {
  const fields = new Map<string, FieldModel>();
  const writable = new Map<string, FieldModel>();
  for (const field of full.fieldList) {
    const right = rightOn(field);
    if (right === "none") continue;
    fields.set(field.name, right === "masked" ? { ...field, masked: true } : field);
    if (right === "write" && !field.system) writable.set(field.name, field);
  }
  const queryable = new Map([...fields].filter(([, field]) => !field.masked));
  const relations = [...full.relations].filter(
    ([, relation]) =>
      readable(relation.target) &&
      (relation.kind === "many"
        ? tells(relation.target, relation.foreign)
        : queryable.has(relation.field.name)),
  );
  const whole =
    fields.size === full.fields.size &&
    queryable.size === full.queryable.size &&
    writable.size === full.writable.size &&
    relations.length === full.relations.size;
  if (whole) return full;
  const fieldList = [...fields.values()];
  const searchable = full.searchable.filter((field) => queryable.has(field.name));
  return {
    ...full,
    full,
    fields,
    queryable,
    fieldList,
    columns: Object.freeze(columnsOf(fieldList)),
    inputFields: [...writable.values()],
    writable,
    references: full.references.filter((field) => fields.has(field.name)),
    immutable: full.immutable.filter((field) => fields.has(field.name)),
    relations: new Map(relations),
    unique: full.unique.filter((names) => names.every((name) => queryable.has(name))),
    searchable,
    searchColumn: searchable.length === full.searchable.length,
  };
}
