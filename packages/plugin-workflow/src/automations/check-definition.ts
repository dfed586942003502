import { type Context, checker, cronTimes, isCormError } from "@corm/core";
import { conditionProblem } from "../assignment/target.js";
import { connectorOf } from "../connectors/find-connector.js";
import { connection } from "../entities/connection.js";
import { AutomationInvalid } from "../errors.js";
import { kindOf } from "../steps/kinds.js";
import {
  type AutomationDefinition,
  type BranchStep,
  DEFAULT_EACH,
  type ForEachStep,
  MAX_DEPTH,
  MAX_EACH,
  MAX_STEPS,
  type Step,
  walk,
} from "./definition.js";
import { entityOf, TRIGGERS, type Trigger, type TriggerOf } from "./trigger.js";
import { testProblem } from "./value-test.js";
import { pathsIn } from "./values.js";

const ROOTS = new Set(["record", "trigger", "item", "steps", "run"]);
const ID = /^[a-z][a-zA-Z0-9]{0,47}$/;
const validators = new Map(Object.entries(TRIGGERS).map(([on, schema]) => [on, checker(schema)] as const));

const wrong = (pointer: string, reason: string, cause?: unknown) =>
  AutomationInvalid({ pointer, reason }, cause === undefined ? {} : { cause });

/**
 * What an automation says is found wrong when it is written, as whoever writes it may see the records and fields.
 *
 * @throws automation-invalid
 */
export async function checkDefinition(ctx: Context, definition: AutomationDefinition): Promise<void> {
  const { trigger, where, exit, steps } = definition;
  checkTrigger(ctx, trigger);
  if (trigger.on === "connector") await checkConnection(ctx, trigger);
  const target = entityOf(trigger) ?? null;
  for (const [name, condition] of [
    ["where", where],
    ["exit", exit],
  ] as const)
    if (condition !== undefined) await checkCondition(ctx, target, condition, `/${name}`);
  const all = [...checkTree(steps)];
  const ids = new Set<string>();
  for (const { step, pointer } of all) {
    if (step.id !== undefined) {
      if (!ID.test(step.id))
        throw wrong(`${pointer}/id`, "is a camelCase name of at most 48 letters and digits");
      if (ids.has(step.id)) throw wrong(`${pointer}/id`, `"${step.id}" is the id of two steps`);
      ids.add(step.id);
    }
    await checkStep(ctx, step, pointer, target);
  }
  const loops = all.filter(({ step }) => step.kind === "forEach").map(({ pointer }) => `${pointer}/steps/`);
  for (const { step, pointer } of all) {
    const item = loops.filter((loop) => pointer.startsWith(loop)).pop();
    const entity = item === undefined ? null : entityAt(all, item);
    for (const path of pathsIn(own(step))) checkPath(ctx, path, { target, item: entity, ids, pointer });
  }
}

const entityAt = (all: readonly { step: Step; pointer: string }[], loop: string): string | null => {
  const found = all.find(({ pointer }) => `${pointer}/steps/` === loop);
  return found ? (found.step as ForEachStep).entity : null;
};

/** A step without the steps in it. */
function own(step: Step): unknown {
  const { yes: _, no: __, steps: ___, ...rest } = step as Record<string, unknown>;
  return rest;
}

function* checkTree(steps: unknown): Generator<{ readonly step: Step; readonly pointer: string }> {
  if (!isList(steps) || steps.length === 0) throw wrong("/steps", "is a list of steps, at least one");
  let count = 0;
  for (const { step, pointer, depth } of walk(steps as readonly Step[])) {
    count += 1;
    if (count > MAX_STEPS) throw wrong(pointer, `is one of more than ${MAX_STEPS} steps`);
    if (depth > MAX_DEPTH) throw wrong(pointer, `lies deeper than ${MAX_DEPTH} lists`);
    if (typeof step !== "object" || step === null || typeof step.kind !== "string")
      throw wrong(pointer, `is a step, such as { "kind": "update", … }`);
    const lists =
      step.kind === "branch" ? (["yes", "no"] as const) : step.kind === "forEach" ? (["steps"] as const) : [];
    for (const name of lists) {
      const list = (step as unknown as Record<string, unknown>)[name];
      if (list === undefined && name === "no") continue;
      if (!isList(list)) throw wrong(`${pointer}/${name}`, "is a list of steps");
    }
    yield { step, pointer };
  }
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function checkTrigger(ctx: Context, trigger: Trigger): void {
  const validator = validators.get((trigger as { on?: string } | null)?.on ?? "");
  if (!validator) throw wrong("/trigger/on", `is one of ${[...validators.keys()].join(", ")}`);
  if (!validator.Check(trigger)) {
    const [, [first]] = validator.Errors(trigger);
    throw wrong(`/trigger${first?.instancePath ?? ""}`, first?.message ?? "does not fit");
  }
  const target = entityOf(trigger);
  const entity = target === undefined ? undefined : ctx.catalog.entities.get(target);
  if (target !== undefined && !entity) throw wrong("/trigger/entity", `"${target}" is no entity of this app`);
  const named =
    trigger.on === "updated" ? [...(trigger.changed ?? []), ...Object.keys(trigger.fields ?? {})] : [];
  const unknown = named.find((field) => !entity?.fields.has(field));
  if (unknown !== undefined) throw wrong("/trigger/fields", `${target} has no field "${unknown}"`);
  const tests =
    trigger.on === "updated"
      ? Object.values(trigger.fields ?? {}).flatMap(({ from, to }) => [from, to])
      : "payload" in trigger
        ? Object.values(trigger.payload ?? {})
        : [];
  for (const test of tests) {
    const problem = testProblem(test);
    if (problem) throw wrong("/trigger", `a test ${problem}`);
  }
  if (trigger.on === "event" && !ctx.catalog.events.has(trigger.event))
    throw wrong("/trigger/event", `no plugin of this app emits "${trigger.event}"`);
  if (trigger.on === "schedule") checkCron(trigger.cron, trigger.zone ?? "UTC");
  if (trigger.on === "date") {
    const kind = entity?.fields.get(trigger.field)?.kind;
    if (kind !== "date" && kind !== "instant")
      throw wrong("/trigger/field", `${target} has no field "${trigger.field}" with a date or instant`);
    if (trigger.before !== undefined && trigger.after !== undefined)
      throw wrong("/trigger/after", `is said instead of "before", not together with it`);
  }
}

/** As whoever writes it sees connections. */
async function checkConnection(ctx: Context, { connectionId, event }: TriggerOf<"connector">): Promise<void> {
  const found = await ctx.repo(connection).first({ where: { id: connectionId } });
  if (!found) throw wrong("/trigger/connectionId", "is no connection that you may see");
  if (!Object.hasOwn(connectorOf(ctx, found.connector)?.events ?? {}, event))
    throw wrong("/trigger/event", `"${event}" is no event of "${found.connector}"`);
}

function checkCron(cron: string, zone: string): void {
  try {
    cronTimes(cron, zone);
  } catch (error) {
    if (!isCormError(error)) throw error;
    throw wrong("/trigger/cron", error.message, error);
  }
}

async function checkCondition(
  ctx: Context,
  target: string | null,
  condition: unknown,
  pointer: string,
): Promise<void> {
  if (target === null) throw wrong(pointer, "asks about a record, and the trigger has none");
  const cause = await conditionProblem(ctx, target, condition);
  if (cause) throw wrong(pointer, cause.message, cause);
}

async function checkStep(ctx: Context, step: Step, pointer: string, target: string | null): Promise<void> {
  switch (step.kind) {
    case "branch": {
      const branch = step as BranchStep;
      if (branch.if === undefined && branch.test === undefined)
        throw wrong(pointer, `needs "if", on the record, or "test", on values`);
      if (branch.if !== undefined) await checkCondition(ctx, target, branch.if, `${pointer}/if`);
      for (const [path, test] of Object.entries(branch.test ?? {})) {
        if (!ROOTS.has(path.split(".")[0] as string))
          throw wrong(`${pointer}/test`, `"${path}" names nothing`);
        const problem = testProblem(test);
        if (problem) throw wrong(`${pointer}/test`, `"${path}" ${problem}`);
      }
      return;
    }
    case "forEach": {
      const { entity, where, limit = DEFAULT_EACH } = step as ForEachStep;
      if (!ctx.catalog.entities.has(entity))
        throw wrong(`${pointer}/entity`, `"${entity}" is no entity of this app`);
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_EACH)
        throw wrong(`${pointer}/limit`, `is a whole number from 1 to ${MAX_EACH}`);
      // Where values are put in it can be asked only when they are known.
      if (where !== undefined && pathsIn(where).length === 0)
        await checkCondition(ctx, entity, where, `${pointer}/where`);
      return;
    }
    case "stop":
      return;
    default: {
      const kind = kindOf(ctx, step.kind);
      if (!kind) throw wrong(`${pointer}/kind`, `"${step.kind}" is no kind of step of this app`);
      const properties = (kind.input as { properties?: Record<string, unknown>; required?: string[] }) ?? {};
      const { kind: _, id: __, ...rest } = step;
      const unknown = Object.keys(rest).find((name) => !Object.hasOwn(properties.properties ?? {}, name));
      if (unknown !== undefined) throw wrong(`${pointer}/${unknown}`, `is nothing that "${step.kind}" takes`);
      const missing = properties.required?.find((name) => !Object.hasOwn(rest, name));
      if (missing !== undefined) throw wrong(`${pointer}/${missing}`, `is what "${step.kind}" needs`);
      const problem = await kind.check?.(rest, ctx);
      if (problem) throw wrong(pointer, problem);
    }
  }
}

function checkPath(
  ctx: Context,
  path: string,
  known: {
    readonly target: string | null;
    readonly item: string | null;
    readonly ids: ReadonlySet<string>;
    readonly pointer: string;
  },
): void {
  const [root = "", next] = path.split(".");
  const refuse = (reason: string) => wrong(known.pointer, `"${path}" ${reason}`);
  if (!ROOTS.has(root)) throw refuse(`begins with none of ${[...ROOTS].join(", ")}`);
  const entity = root === "record" ? known.target : root === "item" ? known.item : undefined;
  if (entity === null && root === "item") throw refuse("is outside of a for-each");
  // An event says its entity when it happens.
  if (entity == null) {
    if (root === "steps" && (next === undefined || !known.ids.has(next))) throw refuse("names no step");
    return;
  }
  if (next !== undefined && !SYSTEM.has(next) && !ctx.catalog.entities.get(entity)?.fields.has(next))
    throw refuse(`names no field of ${entity} that you may see`);
}

const SYSTEM = new Set(["id", "version", "createdAt", "updatedAt", "deletedAt"]);
