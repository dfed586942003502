import type { Fields } from "../schema/field.js";
import type { FieldsInput, FieldsRow } from "../schema/static.js";
import type { Entity } from "./entity.js";
import type { RelationRows, Relations } from "./relation.js";

export interface ExtensionDefinition {
  readonly entity: string;
  readonly fields: Fields;
  readonly relations: Relations;
  readonly indexes: readonly (readonly string[])[];
  readonly parents: readonly string[];
}

export interface ExtensionTypes<Row, Input, Related> {
  readonly row: Row;
  readonly input: Input;
  readonly related: Related;
}

/** A refined handle: the entity as it is with the fields that one plugin adds. */
export interface Extension<Name extends string, Row, Input, Related, AddedRow, AddedInput, AddedRelated>
  extends Entity<Name, Row & AddedRow, Input & AddedInput, Related & AddedRelated> {
  readonly extension: ExtensionDefinition;
  readonly "~added"?: ExtensionTypes<AddedRow, AddedInput, AddedRelated>;
}

// biome-ignore lint/suspicious/noExplicitAny: any extension of any entity.
export type AnyExtension = Extension<string, any, any, any, any, any, any>;

export interface ExtensionOptions<F extends Fields, R extends Relations> {
  /** Optional fields, or fields with a default: records that exist already have no value for them. */
  readonly fields?: F;
  readonly relations?: R;
  readonly indexes?: readonly (readonly string[])[];
  /** Of the added relations, those to records whose readers may read this one: see `EntityAccess.parents`. */
  readonly parents?: readonly string[];
}

/**
 * Adds fields and relations to another plugin's entity. They become real columns, owned by the extending plugin,
 * and part of the entity's type in every app that has the plugin.
 */
export function extendEntity<
  Name extends string,
  Row,
  Input,
  Related,
  F extends Fields = Record<never, never>,
  R extends Relations = Record<never, never>,
>(
  base: Entity<Name, Row, Input, Related>,
  options: ExtensionOptions<F, R>,
): Extension<Name, Row, Input, Related, FieldsRow<F>, FieldsInput<F>, RelationRows<F, R>> {
  const extension: ExtensionDefinition = {
    entity: base.name,
    fields: options.fields ?? {},
    relations: options.relations ?? {},
    indexes: options.indexes ?? [],
    parents: options.parents ?? [],
  };
  return { name: base.name, definition: base.definition, extension };
}
