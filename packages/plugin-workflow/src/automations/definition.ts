import type { Trigger } from "./trigger.js";

export type Condition = Readonly<Record<string, unknown>>;

/** Steps that decide what comes next. All others are kinds of steps that plugins have. */
export interface BranchStep {
  readonly kind: "branch";
  readonly id?: string;
  /** On the record of the run, in the filter language. */
  readonly if?: Condition;
  /** On values: `{ "steps.check.score": { gte: 50 } }`. Both must hold where both are given. */
  readonly test?: Readonly<Record<string, unknown>>;
  readonly yes: readonly Step[];
  readonly no?: readonly Step[];
}

export interface ForEachStep {
  readonly kind: "forEach";
  readonly id?: string;
  readonly entity: string;
  /** Which records; values are put in. Those that come to satisfy it while it goes on may be among them or not. */
  readonly where?: Condition;
  /** Records at most, 1 to 10,000. Default 1,000; beyond it the run fails. */
  readonly limit?: number;
  readonly steps: readonly Step[];
}

/** Ends the run. */
export interface StopStep {
  readonly kind: "stop";
  readonly id?: string;
}

export type Step =
  | BranchStep
  | ForEachStep
  | StopStep
  | ({ readonly kind: string; readonly id?: string } & Readonly<Record<string, unknown>>);

/** What an automation does, as it is kept with its version: whole, and nothing but data. */
export interface AutomationDefinition {
  readonly key: string;
  readonly trigger: Trigger;
  readonly where?: Condition;
  readonly exit?: Condition;
  readonly steps: readonly Step[];
}

/** In whose name an automation acts: a user of the tenant, or roles of the app. */
export type Principal = { readonly userId: string } | { readonly roles: readonly string[] };

export const MAX_STEPS = 100;
export const MAX_DEPTH = 5;
export const MAX_EACH = 10_000;
export const DEFAULT_EACH = 1000;

/** The steps at a JSON Pointer of the definition: `/steps`, `/steps/2/yes`. */
export function blockOf(definition: AutomationDefinition, pointer: string): readonly Step[] {
  let at: unknown = definition;
  for (const part of pointer.split("/").slice(1)) at = (at as Record<string, unknown> | undefined)?.[part];
  return (at ?? []) as readonly Step[];
}

/** Lists of steps within a step, by the name of their property. */
export function nested(step: Step): readonly (readonly [string, readonly Step[]])[] {
  if (step.kind === "branch") {
    const { yes, no } = step as BranchStep;
    return [["yes", yes], ...(no ? [["no", no] as const] : [])];
  }
  return step.kind === "forEach" ? [["steps", (step as ForEachStep).steps]] : [];
}

/** Every step with the pointer to it, outer ones first. */
export function* walk(
  steps: readonly Step[],
  pointer = "/steps",
  depth = 1,
): Generator<{ readonly step: Step; readonly pointer: string; readonly depth: number }> {
  for (const [at, step] of steps.entries()) {
    yield { step, pointer: `${pointer}/${at}`, depth };
    for (const [name, inner] of nested(step)) yield* walk(inner ?? [], `${pointer}/${at}/${name}`, depth + 1);
  }
}
