import type { AnyAction } from "../actions/define-action.js";
import type { Context, Identity } from "../context/context.js";
import type { Origin } from "../context/provenance.js";
import type { Repository } from "../context/repository.js";
import type { Role } from "../context/role.js";
import type { SystemUse } from "../context/system-use.js";
import type { EntityTypes } from "../entity/entity.js";
import type { ExtensionTypes } from "../entity/extend-entity.js";
import type { HookPhase } from "../hooks/define-hook.js";
import type { MigrationPlan } from "../migrations/plan-migration.js";
import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Plugin } from "../plugin/plugin.js";
import type { Worker, WorkerOptions } from "../queue/worker.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Description } from "./describe.js";

// biome-ignore lint/suspicious/noExplicitAny: plugins of any types.
export type PluginList = readonly Plugin<any>[];

type Types<P> = P extends Plugin<infer T> ? T : never;
type UnionToIntersection<U> = (U extends unknown ? (u: U) => void : never) extends (i: infer I) => void
  ? I
  : never;

/** Entities by name, as the plugins of the list declare them. */
type EntitiesOf<Ps extends PluginList> = UnionToIntersection<Types<Ps[number]>["entities"]>;

type Extended<T, K> = T extends { readonly extends: infer E } ? (K extends keyof E ? E[K] : never) : never;
/** Handles of what other plugins add to an entity. */
type ExtensionsOf<Ps extends PluginList, K> = Extended<Types<Ps[number]>, K>;

type Added<E, What extends keyof ExtensionTypes<unknown, unknown, unknown>> = E extends {
  readonly "~added"?: infer T;
}
  ? NonNullable<T> extends ExtensionTypes<infer Row, infer Input, infer Related>
    ? {
        readonly row: (x: Row) => void;
        readonly input: (x: Input) => void;
        readonly related: (x: Related) => void;
      }[What]
    : never
  : never;
/** Intersection over all extensions; `unknown` where there are none, so that `&` leaves the base alone. */
type AddedAll<Ps extends PluginList, K, What extends keyof ExtensionTypes<unknown, unknown, unknown>> =
  Added<ExtensionsOf<Ps, K>, What> extends (x: infer I) => void ? I : unknown;

type TypesOf<E> = E extends { readonly "~types"?: infer T }
  ? NonNullable<T> extends EntityTypes<infer Row, infer Input, infer Related>
    ? { readonly row: Row; readonly input: Input; readonly related: Related }
    : never
  : never;

type ActionList<T> = T extends { readonly actions: infer A } ? A[keyof A] : never;
type ActionsOf<Ps extends PluginList> = Extract<ActionList<Types<Ps[number]>>, AnyAction>;

type ActionTypes<A> = A extends { readonly "~types"?: infer T }
  ? NonNullable<T> extends { readonly input: infer I; readonly output: infer O }
    ? { readonly input: I; readonly output: O }
    : never
  : never;

type MayOmit<I> = Record<never, never> extends I ? true : false;
type RecordAction<I, O> =
  MayOmit<I> extends true
    ? (id: string, input?: I, options?: { readonly version?: number }) => Promise<O>
    : (id: string, input: I, options?: { readonly version?: number }) => Promise<O>;
type CollectionAction<I, O> = MayOmit<I> extends true ? (input?: I) => Promise<O> : (input: I) => Promise<O>;

type ActionMethod<A> = A extends { readonly collection: true }
  ? CollectionAction<ActionTypes<A>["input"], ActionTypes<A>["output"]>
  : RecordAction<ActionTypes<A>["input"], ActionTypes<A>["output"]>;

/** Actions on an entity, as methods of its repository. */
type EntityActions<Ps extends PluginList, K> = {
  readonly [A in ActionsOf<Ps> as A["on"] extends K ? A["name"] : never]: ActionMethod<A>;
};

/** In this form and not as a bare `&`, so that editors show the names of the parts instead of this alias. */
type Joined<Base, Added> = unknown extends Added ? Base : Base & Added;

export type RowIn<Ps extends PluginList, K extends keyof EntitiesOf<Ps>> = Joined<
  TypesOf<EntitiesOf<Ps>[K]>["row"],
  AddedAll<Ps, K, "row">
>;
export type InputIn<Ps extends PluginList, K extends keyof EntitiesOf<Ps>> = Joined<
  TypesOf<EntitiesOf<Ps>[K]>["input"],
  AddedAll<Ps, K, "input">
>;
export type RelatedIn<Ps extends PluginList, K extends keyof EntitiesOf<Ps>> = Joined<
  TypesOf<EntitiesOf<Ps>[K]>["related"],
  AddedAll<Ps, K, "related">
>;

/** The repositories of an app: exactly the entities that its plugins declare, with everything they add. */
export type Entities<Ps extends PluginList> = {
  readonly [K in keyof EntitiesOf<Ps>]: Repository<RowIn<Ps, K>, InputIn<Ps, K>, RelatedIn<Ps, K>> &
    EntityActions<Ps, K>;
};

type MethodTypes<A> = ActionTypes<A> & {
  readonly collection: A extends { readonly collection: true } ? true : false;
};

/** The types of one entity, as clients of an app need them. */
export interface AppEntity<Row, Input, Related, Actions> {
  readonly row: Row;
  readonly input: Input;
  readonly related: Related;
  readonly actions: Actions;
}

/**
 * What a typed client reads of an app: types alone, so that `import type` of a `crm` is all it takes. Generated types
 * have the same shape.
 */
export interface AppTypes<Ps extends PluginList> {
  readonly entities: {
    readonly [K in keyof EntitiesOf<Ps>]: AppEntity<
      RowIn<Ps, K>,
      InputIn<Ps, K>,
      RelatedIn<Ps, K>,
      { readonly [A in ActionsOf<Ps> as A["on"] extends K ? A["name"] : never]: MethodTypes<A> }
    >;
  };
  /** Actions that belong to no entity, under their full names. The plugin's name is not part of its type. */
  readonly actions: {
    readonly [A in ActionsOf<Ps> as A["on"] extends null ? `${string}.${A["name"]}` : never]: ActionTypes<A>;
  };
}

/** A context that knows the entities of its app. */
export interface AppSession<Ps extends PluginList> extends Context {
  readonly entities: Entities<Ps>;
  transaction<T>(work: (tx: AppSession<Ps>) => Promise<T>): Promise<T>;
  savepoint<T>(work: (tx: AppSession<Ps>) => Promise<T>): Promise<T>;
  asSystem(use: SystemUse): AppSession<Ps>;
  from(origin: Origin): AppSession<Ps>;
}

/** A row of an app, with everything its plugins add: `AppRow<typeof crm, "contact">`. */
export type AppRow<C, K extends string> =
  C extends Crm<infer Ps> ? (K extends keyof EntitiesOf<Ps> ? RowIn<Ps, K> : never) : never;
/** The input of an app's create: `AppInput<typeof crm, "contact">`. */
export type AppInput<C, K extends string> =
  C extends Crm<infer Ps> ? (K extends keyof EntitiesOf<Ps> ? InputIn<Ps, K> : never) : never;

/** One step in the life of a write, as `explain` lists them. */
export interface ExplainedStep {
  readonly phase: HookPhase | "validate" | "write" | "commit";
  /** Hook name, or what core itself does. */
  readonly step: string;
  readonly plugin: string;
  readonly transaction: "inside" | "after commit";
}

/** A running CRM. */
export interface Crm<Ps extends PluginList = PluginList> extends CrmHandle {
  /** A session of someone in a tenant. There is no access to data without one. */
  as(identity: Identity): AppSession<Ps>;
  /** A session with the rights of the system; says why. @throws capability-withheld, capability-unknown */
  system(options: SystemUse & { readonly tenant: string }): AppSession<Ps>;
  /** The roles of the app by name, `admin` among them. */
  readonly roles: ReadonlyMap<string, Role>;
  /** What was composed: entities with the owners of their fields, actions, hooks in order, routes, permissions. */
  describe(): Description;
  /** What happens on `lead.create` (or any entity and operation, or action), in order. */
  explain(operation: string): readonly ExplainedStep[];
  /** What bringing the database up to the plugins would do. */
  planMigration(): Promise<MigrationPlan>;
  /** Takes jobs and runs them, once it is started. */
  worker(options?: WorkerOptions): Worker;
  /** Stops workers, runs the plugins' `stop` in reverse order, and closes the storage. */
  stop(): Promise<void>;
  /** For adapters such as HTTP; not for applications. */
  readonly runtime: Runtime;
  readonly "~app"?: AppTypes<Ps>;
}
