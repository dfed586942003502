import Format from "typebox/format";
import type { EntityDefinition } from "../entity/entity.js";
import type { ExtensionDefinition } from "../entity/extend-entity.js";
import type { Relations } from "../entity/relation.js";
import type { Fields } from "../schema/field.js";
import { STANDARDS } from "../standards/normal-form.js";
import { nearest, snakeCase } from "../util/words.js";
import { accessFacts } from "./access-facts.js";
import { type EntityModel, entityPath, type RelationModel, systemFieldNames } from "./entity-model.js";
import { type FieldModel, fieldModel, kindOf, wordsOf } from "./field-model.js";
import { HISTORY_SUFFIX, historyTable } from "./history-table.js";
import { indexBytes, physicalTable } from "./physical-table.js";
import { columnsOf } from "./record-codec.js";
import { LIVE_COLUMN, SEARCH_COLUMN, systemFields } from "./system-fields.js";
import { defaultProblem } from "./validate.js";

export interface OwnedExtension {
  readonly owner: string;
  readonly definition: ExtensionDefinition;
}

const NAME = /^[a-z][a-zA-Z0-9]{0,47}$/;
/** Databases keep these prefixes for themselves; core keeps its own. */
const RESERVED_TABLE = /^(corm|sqlite|pg)_/;
/** PostgreSQL takes names of 63 bytes; indexes and constraints add a little. */
const MAX_NAME = 56;
const MAX_WORD = 64;
const RESERVED_FIELD = new Set(["and", "or", "not", "some", "none", "every"]);

/** Bytes of an index key in MariaDB's and MySQL's default row format. */
const MAX_INDEX = 3072;

const notIndexable = (field: FieldModel): string | undefined => {
  if (field.encrypted)
    return field.encrypted.index ? undefined : "it is encrypted: say encrypted(…, { searchable: true })";
  return field.kind === "text" || field.kind === "json"
    ? `${field.kind} fields cannot be indexed`
    : undefined;
};

/** Why a field cannot serve in one of an entity's lists. */
const EXCLUDED = {
  index: notIndexable,
  unique: notIndexable,
  immutable: (_: FieldModel): string | undefined => undefined,
  searchable: (field: FieldModel): string | undefined => {
    if (field.encrypted) return "it is encrypted";
    return ["string", "text", "enum"].includes(field.kind) ? undefined : "only text can be searched";
  },
};

/** What a blind index would give away by how often each of its few values occurs. */
const FEW_VALUES = new Set(["boolean", "enum"]);

/** Why a field cannot be encrypted as it is declared. */
function encryptionProblem({ kind, encrypted }: FieldModel): string | undefined {
  if (!encrypted) return undefined;
  if (kind === "reference") return "is a reference, which a database cannot follow when it is encrypted";
  if (encrypted.index === null) return undefined;
  if (FEW_VALUES.has(kind))
    return `is ${kind}, which has so few values that a blind index would tell them by their frequency: drop searchable`;
  if (kind === "json" || kind === "money") return `is ${kind}, which has no blind index: drop searchable`;
  return undefined;
}

/** Why the values of a field cannot be kept in the form that it declares. */
function standardProblem(
  { kind, standard }: FieldModel,
  isField: (name: string) => boolean,
): string | undefined {
  if (!standard) return undefined;
  if (!STANDARDS.includes(standard.as))
    return `is normalized as "${standard.as}", which is not one of ${STANDARDS.join(", ")}`;
  if (kind !== "string" && kind !== "text") return `is normalized as ${standard.as}, but holds ${kind}`;
  if (standard.country !== null && !isField(standard.country))
    return `takes its country from "${standard.country}", which is not a field`;
  if (standard.by !== null && !isField(standard.by))
    return `takes its standard from "${standard.by}", which is not a field`;
  return undefined;
}

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
  const table = snakeCase(entity);
  // Its history has the same name with something behind it.
  const longest = definition.temporal ? MAX_NAME - HISTORY_SUFFIX.length : MAX_NAME;
  if (!NAME.test(entity)) {
    problems.push(
      `plugin "${owner}": entity name "${entity}" must be camelCase, at most 48 letters and digits`,
    );
  } else if (RESERVED_TABLE.test(table) || table.length > longest) {
    const why = table.length > longest ? `is longer than ${longest} characters` : "is not for plugins";
    problems.push(
      `plugin "${owner}": entity "${entity}" needs the table "${table}", which ${why}: rename it`,
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
      const model = fieldModel(name, schema, kind, {
        owner: by,
        immutable: immutable.includes(name),
        entity,
      });
      const sealed = encryptionProblem(model);
      if (sealed) problems.push(`${where} ${sealed}`);
      const long = kind === "enum" && wordsOf(schema).find((word) => word.length > MAX_WORD);
      if (long) {
        problems.push(
          `${where} has the word "${long}" of ${long.length} characters: at most ${MAX_WORD} fit its column`,
        );
      }
      const refused = defaultProblem(model);
      if (refused) {
        problems.push(
          `plugin "${by}": the default of field "${entity}.${name}" is refused by its own schema: ${refused}`,
        );
      }
      if (kind === "reference" && model.target !== null && !entityNames.has(model.target)) {
        const hint = nearest(model.target, entityNames);
        problems.push(
          `${where} refers to the entity "${model.target}", which no plugin declares${hint ? ` (did you mean "${hint}"?)` : ": add its plugin"}`,
        );
        continue;
      }
      const odd = standardProblem(model, (name) => name in declared || fields.has(name));
      if (odd) problems.push(`${where} ${odd}`);
      if (kind === "reference" && model.onDelete === "set null" && !model.optional) {
        problems.push(`${where} says onDelete "set null" but is required: make it Type.Optional(...)`);
      }
      if (extension && !model.optional && model.columns.some((column) => column.default === undefined)) {
        problems.push(
          model.default === undefined && !model.encrypted
            ? `${where} is required, but records exist without it: make it Type.Optional(...) or give it withDefault(...)`
            : `${where} is ${model.encrypted ? "encrypted" : kind}, whose default no database can fill into existing records: make it Type.Optional(...)`,
        );
      }
      for (const column of model.columns) {
        const other = columns.get(column.name);
        if (other) problems.push(`${where} needs the column "${column.name}", which "${other}" has already`);
        if (column.name.length > MAX_NAME)
          problems.push(
            `${where} needs the column "${column.name}", which is longer than ${MAX_NAME} characters`,
          );
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
      if (!NAME.test(name) || RESERVED_FIELD.has(name)) {
        problems.push(
          `${where} must be camelCase, at most 48 letters and digits, and not one of ${[...RESERVED_FIELD].join(", ")}`,
        );
      } else if (clash) {
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

  const usable = (names: readonly string[], what: keyof typeof EXCLUDED, by: string): boolean => {
    const wrong = names.flatMap((name) => {
      const field = fields.get(name);
      if (!field) {
        const hint = nearest(name, fields.keys());
        return [`names "${name}", which is not a field${hint ? ` (did you mean "${hint}"?)` : ""}`];
      }
      const reason = EXCLUDED[what](field);
      return reason ? [`names "${name}", but ${reason}`] : [];
    });
    if (wrong.length === 0 && (what === "index" || what === "unique")) {
      const size = indexBytes(names.map((name) => fields.get(name) as FieldModel));
      if (size > MAX_INDEX)
        wrong.push(
          `over [${names.join(", ")}] may take ${size} bytes, more than the ${MAX_INDEX} bytes that every database can index: lower maxLength`,
        );
    }
    problems.push(...wrong.map((reason) => `plugin "${by}": ${what} of "${entity}" ${reason}`));
    return wrong.length === 0;
  };
  const goodIndexes = definition.indexes.filter((names) => usable(names, "index", owner));
  for (const extension of extensions) {
    goodIndexes.push(
      ...extension.definition.indexes.filter((names) => usable(names, "index", extension.owner)),
    );
  }
  const goodUnique = definition.unique.filter((names) => usable(names, "unique", owner));
  usable(definition.immutable, "immutable", owner);
  const searchable = definition.searchable.filter((name) => usable([name], "searchable", owner));

  const fieldList = [...fields.values()];
  const inputFields = fieldList.filter((field) => !field.system);
  const { facts, problems: unowned } = accessFacts(
    owner,
    definition,
    { fields, relations },
    extensions.map((extension) => ({ owner: extension.owner, parents: extension.definition.parents })),
  );
  problems.push(...unowned);
  if (definition.temporal)
    for (const field of inputFields.filter(({ derived }) => derived))
      problems.push(
        `plugin "${field.owner}": "${entity}.${field.name}" is derived, and "${entity}" is temporal: its states are kept by version, which derived values do not move`,
      );
  const physical = physicalTable(table, fieldList, {
    indexes: goodIndexes,
    unique: goodUnique,
    searchable: searchable.length > 0,
  });
  const parts: Omit<EntityModel, "full"> = {
    name: entity,
    plural: definition.plural,
    path: entityPath(definition),
    label: definition.label,
    owner,
    table,
    fields,
    queryable: fields,
    fieldList,
    columns: Object.freeze(columnsOf(fieldList)),
    inputFields,
    writable: new Map(inputFields.map((field) => [field.name, field])),
    references: inputFields.filter((field) => field.kind === "reference"),
    immutable: inputFields.filter((field) => field.immutable),
    encrypted: inputFields.filter((field) => field.encrypted),
    standards: inputFields.filter((field) => field.standard),
    derived: inputFields.filter((field) => field.derived),
    relations,
    unique: goodUnique,
    searchable: searchable.map((name) => fields.get(name) as FieldModel),
    searchColumn: true,
    internal: definition.internal,
    access: facts,
    tree: null,
    staysInMerge: definition.staysInMerge,
    journal: definition.journal,
    physical,
    history: definition.temporal ? historyTable(physical, fieldList) : null,
  };
  const model: EntityModel = Object.assign(parts as EntityModel, { full: parts as EntityModel });
  return { model, problems };
}
