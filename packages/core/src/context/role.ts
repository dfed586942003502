import type { Where } from "./query.js";

/**
 * Which records an action reaches.
 *
 * | reach     | the record                                                                    |
 * | --------- | ----------------------------------------------------------------------------- |
 * | `own`     | is owned by the actor                                                         |
 * | `team`    | is owned by somebody of one of the actor's teams, or belongs to such a team   |
 * | `subtree` | is owned by the actor or by somebody below him in the hierarchy of managers   |
 * | `shared`  | was shared with the actor, one of his teams or one of his roles               |
 * | `parent`  | hangs on a record that the actor may read (`access.parents` of the entity)    |
 * | `all`     | is one of the tenant                                                          |
 */
export type Reach = "own" | "team" | "subtree" | "shared" | "parent" | "all";

/** What may be done to one record. `delete` includes restoring; `transfer` is changing the owner or team. */
export type RecordRight = "read" | "create" | "update" | "delete" | "purge" | "transfer" | "share";

/** `masked` shows a field without its value's middle, in answers only; `none` makes it unknown. */
export type FieldRight = "none" | "masked" | "read" | "write";

type Reaches = Reach | readonly Reach[];

/** What a role may do with the records of one entity. What is left out is refused. */
export interface EntityGrant<Row = Record<string, unknown>> {
  readonly read?: Reaches;
  /** Whom a new record may belong to. */
  readonly create?: Reaches;
  readonly update?: Reaches;
  readonly delete?: Reaches;
  readonly purge?: Reaches;
  readonly transfer?: Reaches;
  readonly share?: Reaches;
  readonly export?: boolean;
  readonly import?: boolean;
  /** Many records at once: `updateWhere`, and batches over HTTP. */
  readonly bulk?: boolean;
  /**
   * Rights on single fields. Left out: `write` for normal fields, `none` for sensitive ones. Secret fields are never
   * read or written by an actor.
   */
  readonly fields?: { readonly [K in keyof Row]?: FieldRight };
  /** Right on every sensitive field that `fields` does not name. Default `none`. */
  readonly sensitive?: FieldRight;
  /** Narrows everything that this role grants on the entity. */
  readonly only?: Where<Row>;
}

/** One way by which a role might reach a record, and whether it does. */
export interface AccessPath {
  readonly role: string;
  readonly reach: Reach;
  readonly holds: boolean;
  /** Why, in words: `owned by the actor`, `shared with team …`. */
  readonly because: string;
}

/** The answer to "may this actor do this to this record, and why". */
export interface AccessExplanation {
  readonly allowed: boolean;
  /** The record is one of the tenant, and not purged. Where it is not, nothing else is told. */
  readonly exists: boolean;
  readonly paths: readonly AccessPath[];
  /** Restrictions that the record does not satisfy, by name. */
  readonly restrictedBy: readonly string[];
}

/** A named set of rights, in code or in the database. */
export interface Role {
  readonly name: string;
  readonly label: string;
  /** By entity name; `*` for entities that are not named. */
  readonly entities: Readonly<Record<string, EntityGrant>>;
  /** Permissions of actions and routes; `lead.*` for all that begin so, `*` for all. */
  readonly permissions: readonly string[];
}
