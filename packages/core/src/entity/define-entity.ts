import type { Fields } from "../schema/field.js";
import type { FieldsInput, FieldsRow, SystemFields } from "../schema/static.js";
import { pluralOf, titleOf } from "../util/words.js";
import type { Attachment, Entity, EntityAccess, EntityDefinition, EntityTree, ReadWith } from "./entity.js";
import type { RelationRows, Relations } from "./relation.js";

export interface EntityOptions<F extends Fields, R extends Relations> {
  readonly fields: F;
  /** Views of foreign keys, for `include` and for filters across entities. */
  readonly relations?: R;
  /** Plural in camelCase; the HTTP path is its kebab-case. Default: English rules. */
  readonly plural?: string;
  /** What people call it. Default: the name in words. */
  readonly label?: string;
  /** Field lists to index. The tenant is put in front, the id behind. */
  readonly indexes?: readonly (readonly (keyof F & string)[])[];
  /** Field lists that no two records of a tenant may share; records in the recycle bin do not count. */
  readonly unique?: readonly (readonly (keyof F & string)[])[];
  /** Fields that are set on create and never change. */
  readonly immutable?: readonly (keyof F & string)[];
  /** Text fields that `search` looks through. */
  readonly searchable?: readonly (keyof F & string)[];
  /** Bookkeeping of its plugin: code can use it, HTTP does not serve it. Default false. */
  readonly internal?: boolean;
  /** To whom records belong. Default: `ownerId` and `teamId`, where they refer to a user and a team. */
  readonly access?: EntityAccess;
  /**
   * Fields by which a record hangs on a record of whatever entity, as notes and files do. It is read with that record
   * (reach `parent`), goes into the recycle bin, comes back, and is purged with it, and follows it when it is merged.
   */
  readonly attachedTo?: Attachment;
  /**
   * Records that it tells of: whoever may not read every one of them has no right on it, whatever his role says. It hangs
   * on none of them.
   */
  readonly readWith?: ReadWith;
  /** Where its tree is spelt out, so that conditions ask for whole branches: `descendantOf`, `inTreeOf`. See `treeHooks`. */
  readonly tree?: EntityTree;
  /**
   * True for what is one record's own history: it does not follow when that record is merged into another one, but goes into
   * the recycle bin with it, and comes back with it. Default false: it hangs on the survivor.
   */
  readonly staysInMerge?: boolean;
  /** False for bookkeeping whose changes nobody will ask after, such as counters. Default true. */
  readonly journal?: boolean;
  /**
   * True to keep every state of a record with the time in which it held, so that queries take `asOf`. Costs a second
   * table, and one more statement per write. Default false.
   */
  readonly temporal?: boolean;
}

/**
 * What `Row`, `Input` and `Related` read. By name and not by inference from `EntityDraft`: comparing drafts makes the
 * compiler resolve every entity that relations lead to, a thousand times the work.
 */
export interface Drafted {
  readonly "~fields"?: Fields;
  readonly "~relations"?: Relations;
}

export type Row<D extends Drafted> = SystemFields & FieldsRow<NonNullable<D["~fields"]>>;
export type Input<D extends Drafted> = FieldsInput<NonNullable<D["~fields"]>>;
export type Related<D extends Drafted> = RelationRows<
  NonNullable<D["~fields"]>,
  NonNullable<D["~relations"]>
>;

/** A handle whose types are still inferred from its fields. Usable as it is; `as` gives them names. */
export interface EntityDraft<Name extends string, F extends Fields, R extends Relations>
  extends Entity<Name, SystemFields & FieldsRow<F>, FieldsInput<F>, RelationRows<F, R>> {
  readonly "~fields"?: F;
  readonly "~relations"?: R;
  /**
   * The same handle under named types, for exported entities: declaration files and editors then show `Lead`.
   *
   * @example
   * const draft = defineEntity("lead", { fields: { … } });
   * export interface Lead extends Row<typeof draft> {}
   * export interface LeadInput extends Input<typeof draft> {}
   * export const lead = draft.as<Lead, LeadInput>();
   */
  as<Row, Input, Related = RelationRows<F, R>>(): Entity<Name, Row, Input, Related>;
}

/**
 * Declares a kind of record. Storage, validation, types, HTTP and OpenAPI come from this declaration.
 *
 * @param name singular camelCase, e.g. `priceBook`: table `price_book`, path `/api/price-books`.
 */
export function defineEntity<
  const Name extends string,
  F extends Fields,
  R extends Relations = Record<never, never>,
>(name: Name, options: EntityOptions<F, R>): EntityDraft<Name, F, R> {
  const definition: EntityDefinition = {
    name,
    plural: options.plural ?? pluralOf(name),
    label: options.label ?? titleOf(name),
    fields: options.fields,
    relations: options.relations ?? {},
    indexes: options.indexes ?? [],
    unique: options.unique ?? [],
    immutable: options.immutable ?? [],
    searchable: options.searchable ?? [],
    internal: options.internal ?? false,
    access: options.access ?? {},
    attachedTo: options.attachedTo ?? null,
    readWith: options.readWith ?? null,
    tree: options.tree ?? null,
    staysInMerge: options.staysInMerge ?? false,
    journal: options.journal ?? true,
    temporal: options.temporal ?? false,
  };
  const draft = { name, definition, as: () => ({ name, definition }) };
  return draft as unknown as EntityDraft<Name, F, R>;
}
