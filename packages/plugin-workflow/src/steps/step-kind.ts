import { type Context, defineExtensionPoint, type Static, type TSchema } from "@corm/core";

/** The run that a step belongs to. */
export interface RunView {
  readonly id: string;
  readonly automation: string;
  readonly target: string | null;
  readonly recordId: string | null;
}

/** What a step's `run` is told. */
export interface StepCall {
  /** A session of the principal, in the transaction that completes the step. */
  readonly ctx: Context;
  /** The same transaction with the rights of the plugin: for its own books. */
  readonly books: Context;
  readonly run: RunView;
  /** Unlike any other in the app, and the same at every attempt: for keys of what it makes. */
  readonly key: string;
  /** The record of the run, as the principal sees it; null where there is none, or not any more. */
  readonly record: Readonly<Record<string, unknown>> | null;
  /** Why it is called again after it waited: its time has come, or what it waits for has changed. Undefined at first. */
  readonly woken: "time" | "change" | undefined;
  /** What it gave as `memory` when it began to wait. */
  readonly memory: unknown;
  /** It is only tried: waits are passed over, and nothing leaves the house. */
  readonly trial: boolean;
}

/** What a step waits for: whatever comes first. */
export interface StepWait {
  /** RFC 3339. */
  readonly until?: string;
  /** Any change of a record, or event about it. */
  readonly record?: { readonly entity: string; readonly id: string };
  /** Any event of this name. */
  readonly event?: string;
  /** JSON that it gets back when it is called again. */
  readonly memory?: unknown;
}

export type StepResult =
  /** Done. `output` is JSON, for later steps as `steps.<id>`. */
  { readonly output?: unknown } | { readonly wait: StepWait };

/** What `perform` is told. */
export interface PerformCall {
  /** A session with the rights of the principal, outside of transactions. */
  readonly ctx: Context;
  /** With the rights of the plugin. */
  readonly books: Context;
  readonly run: RunView;
  /** The idempotency key for the other side: the same at every attempt. */
  readonly key: string;
  readonly attempt: number;
  readonly signal: AbortSignal | undefined;
}

interface Common<I extends TSchema> {
  /** `plugin.step`, such as `marketing.enrol`. */
  readonly name: string;
  readonly label: string;
  /** An object: what the step says besides `kind` and `id`, once values are put in. */
  readonly input: I;
  /** What is wrong with a step as it was written, values not put in yet; asked as whoever writes it. */
  readonly check?: (
    step: Readonly<Record<string, unknown>>,
    ctx: Context,
  ) => Promise<string | null> | string | null;
}

/** Does what it does in the database, in the transaction that completes the step: exactly once. */
export interface StoredStep<I extends TSchema> extends Common<I> {
  readonly run: (input: Static<I>, call: StepCall) => Promise<StepResult>;
}

/** Does something elsewhere: outside of transactions, with retries, at least once. */
export interface OutsideStep<I extends TSchema> extends Common<I> {
  readonly perform: (input: Static<I>, call: PerformCall) => Promise<unknown>;
  /**
   * False: what was begun, and whose process then ended, is not begun again; the step is `uncertain` and the run goes on.
   * Default true.
   */
  readonly repeats?: boolean;
  /** Times that it is tried. Default 8. */
  readonly attempts?: number;
}

export interface StepKind {
  readonly name: string;
  readonly label: string;
  readonly input: TSchema;
  readonly check?: Common<TSchema>["check"];
  readonly run?: (input: never, call: StepCall) => Promise<StepResult>;
  readonly perform?: (input: never, call: PerformCall) => Promise<unknown>;
  readonly repeats: boolean;
  readonly attempts: number;
}

/**
 * Declares a kind of step, for automations in code and as data. A plugin contributes it to `stepKinds`.
 *
 * @example
 * export const tag = defineStep({
 *   name: "tags.add", label: "Add a tag",
 *   input: Type.Object({ tag: Type.String() }),
 *   run: async ({ tag }, { ctx, run }) => { await ctx.repo(tagging).create({ recordId: run.recordId, tag }); return {}; },
 * });
 * // in the plugin: contributes: [contribute(stepKinds, tag)]
 */
export function defineStep<I extends TSchema>(options: StoredStep<I> | OutsideStep<I>): StepKind {
  const { repeats = true, attempts = 8 } = options as Partial<OutsideStep<I>>;
  return { ...options, repeats, attempts } as StepKind;
}

/** Kinds of steps that plugins add to those of the workflow plugin. */
export const stepKinds = defineExtensionPoint<StepKind>("workflow.stepKinds");
