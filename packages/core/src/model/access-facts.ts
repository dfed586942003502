import type { EntityDefinition } from "../entity/entity.js";
import type { EntityModel, RelationModel } from "./entity-model.js";
import type { FieldModel } from "./field-model.js";

export type ParentRelation = Extract<RelationModel, { kind: "one" }>;

/** By which of its fields a record belongs to somebody. */
export interface AccessFacts {
  /** Reference to the user who owns the record. */
  readonly owner: FieldModel | null;
  /** Reference to the team that the record belongs to. */
  readonly team: FieldModel | null;
  /** Relations to records whose readers may read this one (reach `parent`). */
  readonly parents: readonly ParentRelation[];
  /** The fields by which it hangs on a record of any entity. */
  readonly attached: AttachedFields | null;
  /** The fields that name records which a reader must be allowed to read as well. */
  readonly readWith: ReadWithFields | null;
}

export interface ReadWithFields {
  readonly entity: FieldModel;
  readonly records: readonly FieldModel[];
  /** Holds the names of their fields that it tells of; null where it tells of none. */
  readonly fields: FieldModel | null;
  /** Names in it that stand for fields of other entities, with the entity and the field. */
  readonly others: readonly (readonly [name: string, of: readonly [entity: string, field: string]])[];
}

export interface AttachedFields {
  readonly entity: FieldModel;
  readonly record: FieldModel;
}

/** Reads an entity's `access`, and lists what is wrong with it. */
export function accessFacts(
  owner: string,
  definition: EntityDefinition,
  { fields, relations }: Pick<EntityModel, "fields" | "relations">,
  extensions: readonly { readonly owner: string; readonly parents: readonly string[] }[],
): { readonly facts: AccessFacts; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const { access } = definition;
  const fieldOf = (what: "owner" | "team", target: string, usual: string): FieldModel | null => {
    const name = access[what];
    if (name === null) return null;
    const field = fields.get(name ?? usual);
    if (field?.target === target) return field;
    if (name !== undefined)
      problems.push(
        `plugin "${owner}": access.${what} of "${definition.name}" names "${name}", which is not a reference to ${target}`,
      );
    return null;
  };
  const named = [
    ...(access.parents ?? []).map((name) => ({ name, by: owner })),
    ...extensions.flatMap((extension) => extension.parents.map((name) => ({ name, by: extension.owner }))),
  ];
  const parents = named.flatMap(({ name, by }): ParentRelation[] => {
    const relation = relations.get(name);
    if (relation?.kind === "one") return [relation];
    problems.push(
      `plugin "${by}": access.parents of "${definition.name}" names "${name}", which is not a relation to one record`,
    );
    return [];
  });
  return {
    facts: {
      owner: fieldOf("owner", "user", "ownerId"),
      team: fieldOf("team", "team", "teamId"),
      parents,
      attached: attachedFields(owner, definition, fields, problems),
      readWith: readWithFields(owner, definition, fields, problems),
    },
    problems,
  };
}

function attachedFields(
  owner: string,
  { name, attachedTo }: EntityDefinition,
  fields: EntityModel["fields"],
  problems: string[],
): AttachedFields | null {
  if (!attachedTo) return null;
  const entity = fields.get(attachedTo.entity);
  const record = fields.get(attachedTo.record);
  const wrong = (what: string) => problems.push(`plugin "${owner}": attachedTo of "${name}" names ${what}`);
  if (!isEntityName(entity)) wrong(`"${attachedTo.entity}", which is not a required text`);
  else if (!isRecordId(record)) wrong(`"${attachedTo.record}", which is not a required recordId()`);
  else return { entity, record };
  return null;
}

function readWithFields(
  owner: string,
  { name, readWith }: EntityDefinition,
  fields: EntityModel["fields"],
  problems: string[],
): ReadWithFields | null {
  if (!readWith) return null;
  const entity = fields.get(readWith.entity);
  const wrong = (what: string) => problems.push(`plugin "${owner}": readWith of "${name}" names ${what}`);
  const records = readWith.records.flatMap((record) => {
    const field = fields.get(record);
    if (isRecordId(field)) return [field];
    wrong(`"${record}", which is not a required recordId()`);
    return [];
  });
  const named = readWith.fields === undefined ? null : fields.get(readWith.fields);
  if (named !== null && !isNames(named)) wrong(`"${readWith.fields}", which is not a required text`);
  else if (isEntityName(entity))
    return { entity, records, fields: named, others: Object.entries(readWith.others ?? {}) };
  else wrong(`"${readWith.entity}", which is not a required text`);
  return null;
}

const isEntityName = (field: FieldModel | undefined): field is FieldModel =>
  field?.kind === "string" && !field.optional;
const isNames = (field: FieldModel | undefined): field is FieldModel =>
  (field?.kind === "string" || field?.kind === "text") && !field.optional;
const isRecordId = (field: FieldModel | undefined): field is FieldModel =>
  field?.kind === "reference" && field.target === null && !field.optional;
