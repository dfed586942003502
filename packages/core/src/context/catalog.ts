import type { TSchema } from "typebox";
import type { Entity } from "../entity/entity.js";
import type { Issue } from "../errors/corm-error.js";
import type { FieldKind } from "../schema/field.js";
import type { ActionHandle } from "./context.js";
import type { MetricDefinition } from "./metric.js";
import type { Role } from "./role.js";

type Values = Record<string, unknown>;

export interface CatalogField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  /** Entity that a reference points at. */
  readonly target: string | null;
  /** JSON Schema of its values. */
  readonly schema: TSchema;
}

export interface CatalogEntity {
  readonly label: string;
  /** For `ctx.repo`, where an entity is known by name only. */
  readonly handle: Entity<string, Values, Values, Values>;
  /** With those that other plugins added. */
  readonly fields: ReadonlyMap<string, CatalogField>;
  /** The field with the user to whom a record belongs; null where there is none, or the actor may not see it. */
  readonly owner: string | null;
  /** The field with the team that it belongs to; null likewise. */
  readonly team: string | null;
}

export interface CatalogAction {
  readonly label: string;
  /** For `ctx.run`, where an action is known by name only. */
  readonly handle: ActionHandle;
  /** It is about one record, and takes its id. */
  readonly onRecord: boolean;
  readonly input: TSchema;
  readonly output: TSchema;
}

/** What the plugins of an app declare, by name: for code that works with whatever is there, such as reports. */
export interface Catalog {
  readonly entities: ReadonlyMap<string, CatalogEntity>;
  readonly metrics: ReadonlyMap<string, MetricDefinition>;
  /** Actions that the actor may run, by their full names: `lead.convert`. */
  readonly actions: ReadonlyMap<string, CatalogAction>;
  /** Events that plugins emit, by name. */
  readonly events: ReadonlySet<string>;
  /** Every permission that an action, a route or a plugin names. */
  readonly permissions: ReadonlySet<string>;
  /** Roles that the app has in code, by name. */
  readonly roles: ReadonlyMap<string, Role>;
  /** What is wrong with what a role allows that came as data, whatever its shape; parts that are left out are right. */
  roleIssues(role: { readonly [K in keyof Role]?: unknown }): readonly Issue[];
}
