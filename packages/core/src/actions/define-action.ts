import type { TSchema } from "typebox";
import type { ActionHandle, Context } from "../context/context.js";
import type { AnyEntity, Entity } from "../entity/entity.js";
import type { ValueOf } from "../schema/field.js";

/** What an action's `run` is given besides its context. */
export interface ActionCall<Input, Row> {
  readonly input: Input;
  /** The record that the action is called on, locked and freshly read; null for actions without one. */
  readonly record: Row;
}

export interface ActionDefinition {
  readonly name: string;
  readonly entity: string | null;
  readonly collection: boolean;
  readonly label: string;
  readonly description: string;
  readonly permission: string;
  readonly input: TSchema;
  readonly output: TSchema;
  readonly readOnly: boolean;
  readonly showsSecret: boolean;
  readonly run: (call: ActionCall<unknown, unknown>, ctx: Context) => Promise<unknown>;
}

/** A declared action; call it through a context, so that hooks and access apply. */
export interface Action<
  Name extends string = string,
  On extends string | null = string | null,
  Input = unknown,
  Output = unknown,
> extends ActionHandle<Name, On, Input, Output> {
  readonly collection: boolean;
  readonly definition: ActionDefinition;
}

// biome-ignore lint/suspicious/noExplicitAny: any action.
export type AnyAction = Action<string, string | null, any, any>;

interface Common<Name extends string, I extends TSchema, O extends TSchema> {
  /** A verb in camelCase: `convert` on `lead` is `lead.convert`, `POST /api/leads/{id}/convert`. */
  readonly name: Name;
  readonly label?: string;
  readonly description?: string;
  /** Permission that a caller needs; default the action's full name. */
  readonly permission?: string;
  readonly input: I;
  readonly output: O;
  /** The action only reads: it runs without opening a transaction. */
  readonly readOnly?: boolean;
  /** The output holds a secret that is shown this once: nothing of it is kept, so an `Idempotency-Key` does not count. */
  readonly showsSecret?: boolean;
}

/**
 * Declares a business operation once: a typed method of the session, a hookable operation, a route with OpenAPI,
 * a line in `describe()`. It runs in one transaction, its `record` locked.
 *
 * @example
 * export const close = defineAction({
 *   name: "close", on: ticket,
 *   input: Type.Object({ reason: Type.String() }), output: Type.Object({ closedAt: instant() }),
 *   run: async ({ input, record }, ctx) => { … },
 * });
 */
export function defineAction<
  const Name extends string,
  const E extends AnyEntity,
  I extends TSchema,
  O extends TSchema,
>(
  options: Common<Name, I, O> & {
    readonly on: E;
    readonly collection?: false;
    readonly run: (
      call: ActionCall<ValueOf<I>, E extends Entity<string, infer Row, infer _I, infer _X> ? Row : never>,
      ctx: Context,
    ) => Promise<ValueOf<O>>;
  },
): Action<Name, E["name"], ValueOf<I>, ValueOf<O>> & { readonly collection: false };
/** An action on a collection (`on` with `collection: true`) or on nothing in particular (without `on`). */
export function defineAction<
  const Name extends string,
  const E extends AnyEntity,
  I extends TSchema,
  O extends TSchema,
>(
  options: Common<Name, I, O> & {
    readonly on: E;
    readonly collection: true;
    readonly run: (call: ActionCall<ValueOf<I>, null>, ctx: Context) => Promise<ValueOf<O>>;
  },
): Action<Name, E["name"], ValueOf<I>, ValueOf<O>> & { readonly collection: true };
export function defineAction<const Name extends string, I extends TSchema, O extends TSchema>(
  options: Common<Name, I, O> & {
    readonly on?: undefined;
    readonly run: (call: ActionCall<ValueOf<I>, null>, ctx: Context) => Promise<ValueOf<O>>;
  },
): Action<Name, null, ValueOf<I>, ValueOf<O>> & { readonly collection: true };
export function defineAction(options: {
  name: string;
  on?: AnyEntity | undefined;
  collection?: boolean;
  label?: string;
  description?: string;
  permission?: string;
  input: TSchema;
  output: TSchema;
  readOnly?: boolean;
  showsSecret?: boolean;
  run: (call: never, ctx: Context) => Promise<unknown>;
}): AnyAction {
  const entity = options.on?.name ?? null;
  const collection = entity === null || options.collection === true;
  const definition: ActionDefinition = {
    name: options.name,
    entity,
    collection,
    label: options.label ?? options.name,
    description: options.description ?? "",
    permission: options.permission ?? `${entity ?? "app"}.${options.name}`,
    input: options.input,
    output: options.output,
    readOnly: options.readOnly ?? false,
    showsSecret: options.showsSecret ?? false,
    run: options.run as ActionDefinition["run"],
  };
  return { name: options.name, on: entity, collection, definition };
}
