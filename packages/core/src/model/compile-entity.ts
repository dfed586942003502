import Format from "typebox/format";
import type { EntityDefinition } from "../entity/entity.js";
import type { ExtensionDefinition } from "../entity/extend-entity.js";
import type { Relations } from "../entity/relation.js";
import type { Fields } from "../schema/field.js";
import { nearest, snakeCase } from "../util/words.js";
import { type EntityModel, entityPath, type RelationModel, systemFieldNames } from "./entity-model.js";
import { type FieldModel, fieldModel, kindOf } from "./field-model.js";
import { physicalTable } from "./physical-table.js";
import { LIVE_COLUMN, SEARCH_COLUMN, systemFields } from "./system-fields.js";

export interface OwnedExtension {
  readonly owner: string;
  readonly definition: ExtensionDefinition;
}

const NAME = /^[a-z][a-zA-Z0-9]{0,47}$/;
const RESERVED_FIELD = new Set(["and", "or", "not", "some", "none", "every"]);

/** Composes an entity and its extensions into a model, and lists what is wrong with it. */
export function compileEntity(
  owner: string,
  definition: EntityDefinition,
  extensions: readonly OwnedExtension[],
  entityNames: ReadonlySet<string>,
): { readonly model: EntityModel; readonly problems: readonly string[] } {
  const problems: string[] = [];
  const fields = new Map<string, FieldModel>(systemFields.map((field) => [field.name, field]));
  const columns = new Map<string, string>([
    [LIVE_COLUMN, "core"],
    [SEARCH_COLUMN, "core"],
  ]);
  for (const field of systemFields) columns.set(field.column, "core");
  const entity = definition.name;
  if (!NAME.test(entity)) {
    problems.push(
      `plugin "${owner}": entity name "${entity}" must be camelCase, at most 48 letters and digits`,
    );
  }

  const addFields = (by: string, declared: Fields, immutable: readonly string[], extension: boolean) => {
    for (const [name, schema] of Object.entries(declared)) {
      const where = `plugin "${by}": field "${entity}.${name}"`;
      const existing = fields.get(name);
      if (existing) {
        problems.push(
          systemFieldNames.has(name)
            ? `${where} has the name of a field that core keeps itself: choose another`
            : `${where} is already declared by plugin "${existing.owner}": rename one of the two, or remove one plugin`,
        );
        continue;
      }
      if (!NAME.test(name) || RESERVED_FIELD.has(name)) {
        problems.push(
          `${where} must be camelCase, at most 48 letters and digits, and not one of ${[...RESERVED_FIELD].join(", ")}`,
        );
        continue;
      }
      const kind = kindOf(schema);
      if (!kind) {
        problems.push(`${where} has a schema that no column can hold: use a simple type, oneOf(), or json()`);
        continue;
      }
      const format = (schema as { format?: string }).format;
      if (format !== undefined && !Format.Has(format)) {
        problems.push(`${where} uses the unknown format "${format}", which would accept everything`);
        continue;
      }
      const model = fieldModel(name, schema, kind, { owner: by, immutable: immutable.includes(name) });
      if (kind === "reference" && !entityNames.has(model.target ?? "")) {
        const hint = nearest(model.target ?? "", entityNames);
        problems.push(
          `${where} refers to the entity "${model.target}", which no plugin declares${hint ? ` (did you mean "${hint}"?)` : ": add its plugin"}`,
        );
        continue;
      }
      if (kind === "reference" && model.onDelete === "set null" && !model.optional) {
        problems.push(`${where} says onDelete "set null" but is required: make it Type.Optional(...)`);
      }
      if (extension && !model.optional && model.default === undefined) {
        problems.push(
          `${where} is required, but records exist without it: make it Type.Optional(...) or give it withDefault(...)`,
        );
      }
      for (const column of model.columns) {
        const other = columns.get(column.name);
        if (other) problems.push(`${where} needs the column "${column.name}", which "${other}" has already`);
        columns.set(column.name, name);
      }
      fields.set(name, model);
    }
  };

  addFields(owner, definition.fields, definition.immutable, false);
  for (const extension of extensions) addFields(extension.owner, extension.definition.fields, [], true);

  const relations = new Map<string, RelationModel>();
  const addRelations = (by: string, declared: Relations) => {
    for (const [name, relation] of Object.entries(declared)) {
      const where = `plugin "${by}": relation "${entity}.${name}"`;
      const clash = relations.get(name) ?? fields.get(name);
      if (clash) {
        problems.push(
          `${where} has the name of a ${relations.has(name) ? "relation" : "field"} of plugin "${clash.owner}"`,
        );
      } else if (relation.kind === "one") {
        const field = fields.get(relation.field);
        if (field?.kind !== "reference" || !field.target) {
          problems.push(
            `${where} is a view of "${relation.field}", which is not a reference field of ${entity}`,
          );
        } else relations.set(name, { kind: "one", name, owner: by, target: field.target, field });
      } else if (!entityNames.has(relation.target)) {
        problems.push(`${where} leads to "${relation.target}", which no plugin declares`);
      } else {
        relations.set(name, {
          kind: "many",
          name,
          owner: by,
          target: relation.target,
          foreign: relation.field,
        });
      }
    }
  };
  addRelations(owner, definition.relations);
  for (const extension of extensions) addRelations(extension.owner, extension.definition.relations);

  const indexes = [...definition.indexes, ...extensions.flatMap((extension) => extension.definition.indexes)];
  const known = (names: readonly string[], what: string) => {
    for (const name of names) {
      const field = fields.get(name);
      if (!field)
        problems.push(`plugin "${owner}": ${what} of "${entity}" names "${name}", which is not a field`);
      else if ((what === "index" || what === "unique") && (field.kind === "text" || field.kind === "json")) {
        problems.push(
          `plugin "${owner}": ${what} of "${entity}" names "${name}", but ${field.kind} fields cannot be indexed`,
        );
      } else continue;
      return false;
    }
    return true;
  };
  const goodIndexes = indexes.filter((names) => known(names, "index"));
  const goodUnique = definition.unique.filter((names) => known(names, "unique"));
  known(definition.immutable, "immutable");
  const searchable = definition.searchable.filter((name) => known([name], "searchable"));

  const table = snakeCase(entity);
  const model: EntityModel = {
    name: entity,
    plural: definition.plural,
    path: entityPath(definition),
    label: definition.label,
    owner,
    table,
    fields,
    inputFields: [...fields.values()].filter((field) => !field.system),
    relations,
    unique: goodUnique,
    searchable: searchable.map((name) => fields.get(name) as FieldModel),
    internal: definition.internal,
    physical: physicalTable(table, [...fields.values()], {
      indexes: goodIndexes,
      unique: goodUnique,
      searchable: searchable.length > 0,
    }),
  };
  return { model, problems };
}
