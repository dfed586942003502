import type { Fields } from "../schema/field.js";
import type { Relations } from "./relation.js";

/** By which fields records of an entity belong to somebody: what the reaches of a role go by. */
export interface EntityAccess {
  /** A reference to `user`. Default `ownerId`, where the entity has it; null for none. */
  readonly owner?: string | null;
  /** A reference to `team`. Default `teamId`, where the entity has it; null for none. */
  readonly team?: string | null;
  /** Relations to one record each: who may read one of those may read this one, where a role says `parent`. */
  readonly parents?: readonly string[];
}

/** The two fields by which a record hangs on a record of any entity. */
export interface Attachment {
  /** Text: the entity's name. */
  readonly entity: string;
  /** A `recordId()`. */
  readonly record: string;
}

/** Fields that name records of one entity, all of which one must be allowed to read. */
export interface ReadWith {
  /** Text: the entity's name. */
  readonly entity: string;
  /** `recordId()` fields. */
  readonly records: readonly string[];
  /** Text: names of those records' fields that it tells something of, each between commas (`,email,phone,`). One must see them all. */
  readonly fields?: string;
  /** Names that may stand in `fields` for fields of other entities, and those fields: `{ "contactPoint.email": ["contactPoint", "value"] }`. */
  readonly others?: Readonly<Record<string, readonly [entity: string, field: string]>>;
}

/** Where the tree of an entity is spelt out: one record for each pair of a record and one below it, at any depth. */
export interface EntityTree {
  /** An entity of its own, with two references to this one. */
  readonly closure: string;
  readonly ancestor: string;
  readonly descendant: string;
}

/** An entity's declaration at run time. Handles carry it; nothing of it shows in their type. */
export interface EntityDefinition {
  readonly name: string;
  readonly plural: string;
  readonly label: string;
  readonly fields: Fields;
  readonly relations: Relations;
  readonly indexes: readonly (readonly string[])[];
  readonly unique: readonly (readonly string[])[];
  readonly immutable: readonly string[];
  readonly searchable: readonly string[];
  readonly internal: boolean;
  readonly access: EntityAccess;
  readonly attachedTo: Attachment | null;
  readonly readWith: ReadWith | null;
  readonly tree: EntityTree | null;
  readonly staysInMerge: boolean;
  readonly journal: boolean;
  readonly temporal: boolean;
}

/** The types of an entity, by name, so that declaration files print names and not structures. */
export interface EntityTypes<Row, Input, Related> {
  readonly row: Row;
  readonly input: Input;
  readonly related: Related;
}

/**
 * A handle: the value through which hooks, repositories and actions know an entity. It holds the name and
 * three phantom types; the declaration travels along unseen.
 */
export interface Entity<Name extends string = string, Row = unknown, Input = unknown, Related = unknown> {
  readonly name: Name;
  readonly definition: EntityDefinition;
  readonly "~types"?: EntityTypes<Row, Input, Related>;
}

// biome-ignore lint/suspicious/noExplicitAny: a handle of whatever types; `unknown` would not be assignable both ways.
export type AnyEntity = Entity<string, any, any, any>;

export type RowOf<E> = E extends Entity<string, infer R, infer _I, infer _X> ? R : never;
export type InputOf<E> = E extends Entity<string, infer _R, infer I, infer _X> ? I : never;
export type RelatedOf<E> = E extends Entity<string, infer _R, infer _I, infer X> ? X : never;
