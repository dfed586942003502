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
  if (entity?.kind !== "string" || entity.optional)
    wrong(`"${attachedTo.entity}", which is not a required text`);
  else if (record?.kind !== "reference" || record.target !== null || record.optional)
    wrong(`"${attachedTo.record}", which is not a required recordId()`);
  else return { entity, record };
  return null;
}
