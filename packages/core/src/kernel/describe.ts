import type { TSchema } from "typebox";
import type { HookPhase } from "../hooks/define-hook.js";
import type { MetricDefinition } from "../metrics/define-metric.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Composition } from "../plugin/compose.js";
import type { FieldKind } from "../schema/field.js";
import type { ExplainedStep } from "./crm.js";

export interface FieldDescription {
  readonly name: string;
  readonly kind: FieldKind;
  readonly label: string;
  readonly plugin: string;
  readonly required: boolean;
  readonly readOnly: boolean;
  readonly target: string | null;
  readonly schema: TSchema;
}

export interface EntityDescription {
  readonly name: string;
  readonly plural: string;
  readonly path: string;
  readonly label: string;
  readonly plugin: string;
  readonly fields: readonly FieldDescription[];
  readonly relations: readonly {
    readonly name: string;
    readonly kind: "one" | "many";
    readonly target: string;
    readonly plugin: string;
  }[];
  readonly unique: readonly (readonly string[])[];
  /** Not served over HTTP. */
  readonly internal: boolean;
  readonly searchable: readonly string[];
}

export interface Description {
  readonly plugins: readonly {
    readonly name: string;
    readonly version: string;
    readonly requires: readonly string[];
    readonly optional: readonly string[];
  }[];
  readonly entities: readonly EntityDescription[];
  readonly actions: readonly {
    readonly name: string;
    readonly plugin: string;
    readonly label: string;
    readonly description: string;
    readonly permission: string;
    readonly collection: boolean;
    readonly input: TSchema;
    readonly output: TSchema;
  }[];
  readonly hooks: readonly {
    readonly target: string;
    readonly phase: HookPhase;
    readonly order: readonly string[];
  }[];
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly permission: string;
    readonly plugin: string;
    readonly summary: string;
  }[];
  readonly metrics: readonly MetricDefinition[];
  readonly services: readonly { readonly name: string; readonly plugin: string }[];
  readonly permissions: readonly {
    readonly name: string;
    readonly plugin: string;
    readonly allows: string;
  }[];
  /** What is done with the rights of the system, whoever asks. */
  readonly capabilities: readonly {
    readonly name: string;
    readonly plugin: string;
    readonly does: string;
    /** The app withholds it: whoever uses it gets `capability-withheld`. */
    readonly withheld: boolean;
  }[];
}

export function describeEntity(model: EntityModel): EntityDescription {
  return {
    name: model.name,
    plural: model.plural,
    path: model.path,
    label: model.label,
    plugin: model.owner,
    fields: [...model.fields.values()].map((field) => ({
      name: field.name,
      kind: field.kind,
      label: field.label,
      plugin: field.owner,
      required: !field.optional && !field.system && !field.filled && field.default === undefined,
      readOnly: field.system,
      target: field.target,
      schema: field.schema,
    })),
    relations: [...model.relations.values()].map(({ name, kind, target, owner }) => ({
      name,
      kind,
      target,
      plugin: owner,
    })),
    unique: model.unique,
    internal: model.internal,
    searchable: model.searchable.map((field) => field.name),
  };
}

export function describeComposition(
  composition: Composition,
  withheld: ReadonlySet<string> = new Set(),
): Description {
  return {
    plugins: composition.plugins.map((plugin) => ({
      name: plugin.name,
      version: plugin.version,
      requires: Object.keys(plugin.requires),
      optional: Object.keys(plugin.optional),
    })),
    entities: [...composition.entities.values()].map(describeEntity),
    actions: [...composition.actions].map(([name, { owner, value }]) => ({
      name,
      plugin: owner,
      label: value.definition.label,
      description: value.definition.description,
      permission: value.definition.permission,
      collection: value.collection,
      input: value.definition.input,
      output: value.definition.output,
    })),
    hooks: composition.hooks
      .entries()
      .map(({ target, phase, hooks }) => ({ target, phase, order: hooks.map((hook) => hook.name) })),
    routes: composition.routes.map(({ owner, value }) => ({
      method: value.method,
      path: value.path,
      permission: value.permission,
      plugin: owner,
      summary: value.summary,
    })),
    metrics: [...composition.metrics.values()].map(({ value }) => value),
    services: [...composition.services].map(([name, { owner }]) => ({ name, plugin: owner })),
    permissions: [...composition.permissions].map(([name, { owner, value }]) => ({
      name,
      plugin: owner,
      allows: value,
    })),
    capabilities: [...composition.capabilities].map(([name, { owner, value }]) => ({
      name,
      plugin: owner,
      does: value,
      withheld: withheld.has(name),
    })),
  };
}

const WRITES = new Set(["create", "update", "delete", "restore", "purge"]);

/** The steps of one operation in order; undefined where there is no such operation. */
export function explainOperation(composition: Composition, operation: string): ExplainedStep[] | undefined {
  const [first = "", name = ""] = operation.split(".");
  const action = composition.actions.get(operation);
  const entity = composition.entities.get(first);
  const write = entity !== undefined && WRITES.has(name);
  if (!action && !write) return undefined;
  const target = action ? action.value.on : first;
  const steps = (phase: HookPhase): ExplainedStep[] =>
    composition.hooks.of(target, name, phase).map((hook) => ({
      phase,
      step: hook.name,
      plugin: hook.owner,
      transaction: phase === "committed" ? "after commit" : "inside",
    }));
  const core = (phase: ExplainedStep["phase"], step: string): ExplainedStep => ({
    phase,
    step,
    plugin: action?.owner ?? "core",
    transaction: "inside",
  });
  const middle = action
    ? [core("write", `run ${operation}`)]
    : [core("validate", "check fields and references"), core("write", `${name} ${entity?.table}`)];
  const validated = action ? [core("validate", "check input"), ...steps("before")] : steps("before");
  return [
    ...validated,
    ...middle,
    ...steps("after"),
    core("commit", "commit the outermost transaction"),
    ...steps("committed"),
  ];
}
