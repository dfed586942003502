import { type Checker, checker, type TSchema } from "@corm/core";
import { StepUnable } from "../errors.js";
import type { StepKind } from "../steps/step-kind.js";

const compiled = new WeakMap<TSchema, Checker>();

/** What a step says, once values are put in. @throws step-unable where it is nothing that its kind takes */
export const checkedStep = (kind: StepKind, input: unknown): never =>
  checkedInput(kind.input, kind.name, input);

/** @throws step-unable */
export function checkedInput(schema: TSchema, name: string, input: unknown): never {
  let validator = compiled.get(schema);
  if (!validator) {
    validator = checker({ additionalProperties: false, ...schema });
    compiled.set(schema, validator);
  }
  if (!validator.Check(input)) {
    const [, [first]] = validator.Errors(input);
    throw StepUnable({
      step: name,
      reason: `has a wrong value at "${first?.instancePath || "/"}": ${first?.message ?? "it does not fit"}`,
    });
  }
  return input as never;
}
