import type { EntityDefinition } from "../entity/entity.js";
import type { Filter } from "../storage/filter.js";
import type { PhysicalTable } from "../storage/physical-schema.js";
import { kebabCase } from "../util/words.js";
import type { AccessFacts } from "./access-facts.js";
import type { FieldModel } from "./field-model.js";
import { systemFields } from "./system-fields.js";

export type RelationModel =
  | {
      readonly kind: "one";
      readonly name: string;
      readonly owner: string;
      readonly target: string;
      /** The reference field of this entity. */
      readonly field: FieldModel;
    }
  | {
      readonly kind: "many";
      readonly name: string;
      readonly owner: string;
      readonly target: string;
      /** Name of the reference field of the other entity. */
      readonly foreign: string;
      /** Of records that hang on a record of any entity: which of those are meant. */
      readonly of?: Filter;
    };

/** The table of pairs of a tree. */
export interface TreeTable {
  readonly table: string;
  /** Columns. */
  readonly ancestor: string;
  readonly descendant: string;
}

/**
 * An entity with everything that plugins added to it: what repositories, HTTP and migrations work from. A session hands
 * out *views* of it, narrowed to what its actor may see: names of a request are looked up in those alone, so that a
 * forbidden field is an unknown one.
 */
export interface EntityModel {
  /** The whole entity; itself, where this is no view. */
  readonly full: EntityModel;
  readonly name: string;
  readonly plural: string;
  /** Kebab-case plural, the path segment. */
  readonly path: string;
  readonly label: string;
  /** Plugin that declared it. */
  readonly owner: string;
  readonly table: string;
  /** System fields first, then declared ones, then those of extensions in plugin order. */
  readonly fields: ReadonlyMap<string, FieldModel>;
  /** Those that conditions, sorting and grouping may name: not the masked ones of a view. */
  readonly queryable: ReadonlyMap<string, FieldModel>;
  /** All fields, in the same order. */
  readonly fieldList: readonly FieldModel[];
  /** The columns that hold them. */
  readonly columns: readonly string[];
  /** Fields that inputs may set. */
  readonly inputFields: readonly FieldModel[];
  /** The same by name. */
  readonly writable: ReadonlyMap<string, FieldModel>;
  /** Those of them that refer to another record. */
  readonly references: readonly FieldModel[];
  /** Those of them that keep their first value. */
  readonly immutable: readonly FieldModel[];
  /** Those of them that are encrypted. */
  readonly encrypted: readonly FieldModel[];
  /** Those of them whose values are kept in a form of their own. */
  readonly standards: readonly FieldModel[];
  /** Those of them that the system works out. */
  readonly derived: readonly FieldModel[];
  readonly relations: ReadonlyMap<string, RelationModel>;
  readonly unique: readonly (readonly string[])[];
  readonly searchable: readonly FieldModel[];
  /** `search` may use the column that holds the words of all searchable fields: nothing of it is hidden. */
  readonly searchColumn: boolean;
  /** Not served over HTTP. */
  readonly internal: boolean;
  readonly access: AccessFacts;
  /** Where its tree is spelt out; null for one without. */
  readonly tree: TreeTable | null;
  /** Its writes are entered in the journal. */
  readonly journal: boolean;
  /** It keeps to its own record when that is merged into another one. */
  readonly staysInMerge: boolean;
  readonly physical: PhysicalTable;
  /** Where the states of a temporal entity are kept; null for others. */
  readonly history: PhysicalTable | null;
}

export function entityPath(definition: EntityDefinition): string {
  return kebabCase(definition.plural);
}

export const systemFieldNames: ReadonlySet<string> = new Set(systemFields.map((field) => field.name));
