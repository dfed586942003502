import type { TSchema } from "typebox";
import { Check, Compile, Errors } from "typebox/schema";

/** Checks values against a schema. */
export interface Checker {
  Check(value: unknown): boolean;
  /** Whether the value fits, and what is wrong with it. */
  Errors(value: unknown): [boolean, readonly SchemaError[]];
}

export interface SchemaError {
  readonly keyword: string;
  /** JSON Pointer of the value. */
  readonly instancePath: string;
  readonly message: string;
  readonly params: object;
}

/**
 * Checks against a schema that is compiled when the first value comes. Most of the schemas of a composition never meet
 * one in a run, and to compile one takes as long as a thousand checks.
 */
export function checker(schema: object): Checker {
  let compiled: Checker | undefined;
  const compile = (): Checker => {
    compiled ??= Compile(schema as TSchema) as Checker;
    return compiled;
  };
  return {
    Check: (value) => (compiled ?? compile()).Check(value),
    Errors: (value) => (compiled ?? compile()).Errors(value),
  };
}

/** For one value, at the start: what a compiled check would say, without compiling. Empty where the value fits. */
export function checkOnce(schema: object, value: unknown): readonly SchemaError[] {
  return Check(schema as TSchema, value) ? [] : Errors(schema as TSchema, value)[1];
}
