import type { TObject, TSchema } from "typebox";
import type { ActionDefinition, AnyAction } from "../actions/define-action.js";
import type { ActionHandle } from "../context/context.js";
import { ActionMissing, Forbidden, InvalidQuery, ValidationFailed } from "../errors/core-errors.js";
import { defineError } from "../errors/define-error.js";
import type { RecordValues } from "../model/record-codec.js";
import { issuesOf } from "../model/validate.js";
import type { ActionTarget, Session } from "../runtime/session.js";
import { type Checker, checker } from "../schema/checker.js";
import { isId } from "./parse-condition.js";
import { getRecord } from "./read.js";
import { brokenInput, foreign, operation, queueCommitted, runHooks } from "./write/operation.js";
import { assertReach } from "./write/reach.js";
import { checkVersion, lockRecords } from "./write/update.js";

export const ActionBroken = defineError<{ action: string; problems: readonly string[] }>("action-broken", {
  status: 500,
  title: "An action answered something else than it declares",
  detail: ({ action, problems }) => `Action "${action}" broke its own output schema: ${problems.join("; ")}.`,
});

/** Runs an action through its hooks, in one transaction, its record locked. */
export async function runAction(
  outer: Session,
  handle: ActionHandle,
  input: unknown,
  target: ActionTarget | undefined,
): Promise<unknown> {
  const { name, definition } = findAction(outer, handle);
  if (!outer.permits(definition.permission))
    throw Forbidden({ reason: `Your roles do not have the permission "${definition.permission}".` });
  const checked = checkedInput(name, definition, input);
  if (definition.collection !== (target === undefined)) {
    throw InvalidQuery({
      reason: definition.collection
        ? `Action "${name}" is not about one record: leave the id out.`
        : `Action "${name}" needs the id of a record.`,
    });
  }
  const work = async (session: Session, progress: { started: boolean }): Promise<unknown> => {
    const record = target ? await loadTarget(session, definition, target) : null;
    const call = { input: structuredClone(checked), record };
    progress.started = !definition.readOnly;
    await runHooks(session, definition.entity, definition.name, "before", [call]);
    checkHooked(session, definition, call.input);
    const output = await foreign(session, () => definition.run(call, session));
    checkOutput(name, definition, output);
    const after = [{ ...call, output }];
    await runHooks(session, definition.entity, definition.name, "after", after);
    queueCommitted(session, definition.entity, definition.name, after);
    return output;
  };
  return definition.readOnly ? work(outer.inside(name), { started: false }) : operation(outer, name, work);
}

function findAction(session: Session, handle: ActionHandle): { name: string; definition: ActionDefinition } {
  const { definition } = handle as AnyAction;
  for (const [name, owned] of session.runtime.composition.actions) {
    if (owned.value.definition === definition) return { name, definition };
  }
  throw ActionMissing({ action: `${handle.on ?? "*"}.${handle.name}` });
}

async function loadTarget(
  session: Session,
  definition: ActionDefinition,
  target: ActionTarget,
): Promise<RecordValues> {
  const entity = session.model(definition.entity as string);
  const id = String(target.id).toLowerCase();
  if (definition.readOnly || !isId(id)) {
    const record = await getRecord(session, entity, id);
    checkVersion(entity, record, target.version);
    return record;
  }
  session.require(entity, "update");
  const [record] = await lockRecords(session, entity, [id], [target]);
  await assertReach(session, entity, "update", [record as RecordValues]);
  return record as RecordValues;
}

interface CompiledAction {
  readonly input: Checker;
  readonly output: Checker;
}

const compiled = new WeakMap<ActionDefinition, CompiledAction>();

function validatorsOf(definition: ActionDefinition): CompiledAction {
  let found = compiled.get(definition);
  if (!found) {
    found = { input: checker(closed(definition.input)), output: checker(definition.output) };
    compiled.set(definition, found);
  }
  return found;
}

/** TypeBox objects accept unknown properties unless told otherwise. */
export function closed(schema: TSchema): TObject {
  const object = schema as TObject & { additionalProperties?: unknown };
  return object.type === "object" && object.additionalProperties === undefined
    ? ({ ...object, additionalProperties: false } as unknown as TObject)
    : object;
}

function checkedInput(name: string, definition: ActionDefinition, input: unknown): unknown {
  const given = withDefaults(definition.input, input ?? {});
  const { input: validator } = validatorsOf(definition);
  if (!validator.Check(given)) {
    throw ValidationFailed({ entity: name, issues: issuesOf(validator.Errors(given)[1]) });
  }
  return given;
}

/** The caller's input was good: what is wrong with it now is the work of a hook. */
function checkHooked(session: Session, definition: ActionDefinition, input: unknown): void {
  const hooks = session.runtime.composition.hooks.of(definition.entity, definition.name, "before");
  const { input: validator } = validatorsOf(definition);
  if (hooks.length === 0 || validator.Check(input)) return;
  throw brokenInput(session, definition.entity, definition.name, problemsOf(validator.Errors(input)[1]));
}

function checkOutput(name: string, definition: ActionDefinition, output: unknown): void {
  const { output: validator } = validatorsOf(definition);
  if (validator.Check(output)) return;
  throw ActionBroken({ action: name, problems: problemsOf(validator.Errors(output)[1]) });
}

const problemsOf = (errors: Parameters<typeof issuesOf>[0]): string[] =>
  issuesOf(errors).map((issue) => `${issue.pointer || "/"} ${issue.message}`);

/** The input with the defaults of what it leaves out. */
export function withDefaults(schema: TSchema, input: unknown): unknown {
  const { properties } = schema as TObject;
  if (!properties || typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const filled: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(input)) if (value !== undefined) filled[name] = value;
  for (const [name, property] of Object.entries(properties)) {
    const fallback = (property as { default?: unknown }).default;
    if (filled[name] === undefined && fallback !== undefined) filled[name] = structuredClone(fallback);
  }
  return filled;
}
