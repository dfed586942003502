import type { ActionHandle, Context } from "../context/context.js";
import type { Entity } from "../entity/entity.js";

/** The states of one write, in order: see `docs/guide/hooks.md`. */
export type HookPhase = "before" | "after" | "committed";
export type WriteOperation = "create" | "update" | "delete" | "restore" | "purge";
/** Coarse order for hooks that cannot name every neighbour, such as normalisation (early) and audit (late). */
export type HookStage = "early" | "normal" | "late";

export interface HookOptions {
  /** Unique in the app: `plugin.what`. Others order themselves by it. */
  readonly name: string;
  /** Run before these hooks. */
  readonly before?: string | readonly string[];
  /** Run after these hooks. */
  readonly after?: string | readonly string[];
  readonly stage?: HookStage;
  /**
   * Only of hooks around an update: runs for what a merge lets name the survivor as well, past all other hooks. Before it, for
   * what must not be changed now, such as what is being approved: it may refuse, and its patch cannot be changed. After it, for
   * what spells records out in another place, such as the pairs of a tree.
   */
  readonly merges?: boolean;
}

/** What a `before` hook is given, per record. `input` and `patch` may be changed; they are validated afterwards. */
export interface BeforeChanges<Row, Input> {
  readonly create: { readonly input: Input };
  readonly update: { readonly before: Row; readonly patch: Partial<Input> };
  readonly delete: { readonly before: Row };
  readonly restore: { readonly before: Row };
  readonly purge: { readonly before: Row };
}

/** What `after` and `committed` hooks are given, per record. */
export interface AfterChanges<Row> {
  readonly create: { readonly row: Row };
  readonly update: {
    readonly before: Row;
    readonly row: Row;
    /** Names of the fields whose value is another one now. */
    readonly changed: ReadonlySet<keyof Row & string>;
  };
  readonly delete: { readonly before: Row };
  readonly restore: { readonly row: Row };
  readonly purge: { readonly before: Row };
}

/** Handlers get all records of the operation at once: one query for the batch, not one per record. */
export type BatchHandler<Change> = (batch: readonly Change[], ctx: Context) => void | Promise<void>;

export interface HookDefinition {
  readonly name: string;
  readonly phase: HookPhase;
  /** Entity name, or null for an action without one. */
  readonly entity: string | null;
  /** A write operation, or the name of an action. */
  readonly operation: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly stage: HookStage;
  readonly merges: boolean;
  readonly handler: BatchHandler<never>;
}

const list = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === "string" ? [names] : names;

function hook(
  phase: HookPhase,
  target: { readonly entity: string | null; readonly operation: string },
  options: HookOptions,
  handler: BatchHandler<never>,
): HookDefinition {
  return {
    name: options.name,
    phase,
    ...target,
    before: list(options.before),
    after: list(options.after),
    stage: options.stage ?? "normal",
    merges: options.merges ?? false,
    handler,
  };
}

/**
 * Runs in the transaction, before the write. May change `input` or `patch`, may veto by throwing a `CormError`.
 *
 * @example
 * before(lead, "create", { name: "leads.source" }, each(({ input }) => { input.source ??= "web"; }))
 */
export function before<Row, Input, Related, Op extends WriteOperation>(
  entity: Entity<string, Row, Input, Related>,
  operation: Op,
  options: HookOptions,
  handler: BatchHandler<BeforeChanges<Row, Input>[Op]>,
): HookDefinition {
  return hook("before", { entity: entity.name, operation }, options, handler as BatchHandler<never>);
}

/** Runs in the transaction, after the write. What it writes commits or rolls back together with the record. */
export function after<Row, Input, Related, Op extends WriteOperation>(
  entity: Entity<string, Row, Input, Related>,
  operation: Op,
  options: HookOptions,
  handler: BatchHandler<AfterChanges<Row>[Op]>,
): HookDefinition {
  return hook("after", { entity: entity.name, operation }, options, handler as BatchHandler<never>);
}

/** Runs when the outermost transaction has committed. Cannot undo anything; what it throws goes to `onError`. */
export function committed<Row, Input, Related, Op extends WriteOperation>(
  entity: Entity<string, Row, Input, Related>,
  operation: Op,
  options: HookOptions,
  handler: BatchHandler<AfterChanges<Row>[Op]>,
): HookDefinition {
  return hook("committed", { entity: entity.name, operation }, options, handler as BatchHandler<never>);
}

export interface BeforeActionCall<Input> {
  readonly input: Input;
  readonly record: unknown;
}
export interface AfterActionCall<Input, Output> extends BeforeActionCall<Input> {
  readonly output: Output;
}

/** Runs in the action's transaction, before it; may change `input` or veto. */
export function beforeAction<Input, Output>(
  action: ActionHandle<string, string | null, Input, Output>,
  options: HookOptions,
  handler: BatchHandler<BeforeActionCall<Input>>,
): HookDefinition {
  return hook(
    "before",
    { entity: action.on, operation: action.name },
    options,
    handler as BatchHandler<never>,
  );
}

/** Runs in the action's transaction, after it; may veto. */
export function afterAction<Input, Output>(
  action: ActionHandle<string, string | null, Input, Output>,
  options: HookOptions,
  handler: BatchHandler<AfterActionCall<Input, Output>>,
): HookDefinition {
  return hook(
    "after",
    { entity: action.on, operation: action.name },
    options,
    handler as BatchHandler<never>,
  );
}

/** Runs when the action's outermost transaction has committed. */
export function committedAction<Input, Output>(
  action: ActionHandle<string, string | null, Input, Output>,
  options: HookOptions,
  handler: BatchHandler<AfterActionCall<Input, Output>>,
): HookDefinition {
  return hook(
    "committed",
    { entity: action.on, operation: action.name },
    options,
    handler as BatchHandler<never>,
  );
}

/** Turns a handler of one record into one of a batch. For rules without queries: a query here is one per record. */
export function each<Change>(
  handler: (change: Change, ctx: Context) => void | Promise<void>,
): BatchHandler<Change> {
  return (batch, ctx) => {
    for (let index = 0; index < batch.length; index += 1) {
      const pending = handler(batch[index] as Change, ctx);
      // Handlers that wait for nothing cost no promise.
      if (pending) return eachAfter(pending, batch.slice(index + 1), handler, ctx);
    }
  };
}

async function eachAfter<Change>(
  pending: Promise<void>,
  rest: readonly Change[],
  handler: (change: Change, ctx: Context) => void | Promise<void>,
  ctx: Context,
): Promise<void> {
  await pending;
  for (const change of rest) await handler(change, ctx);
}
