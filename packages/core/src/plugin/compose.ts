import type { Restriction } from "../access/define-role.js";
import { type DirectoryTables, directoryTables } from "../access/directory.js";
import type { AnyAction } from "../actions/define-action.js";
import type { EntityDefinition } from "../entity/entity.js";
import type { EventDefinition } from "../events/define-event.js";
import type { HookDefinition } from "../hooks/define-hook.js";
import type { AnyJob } from "../jobs/define-job.js";
import type { ScheduleDefinition } from "../jobs/define-schedule.js";
import type { MetricDefinition } from "../metrics/define-metric.js";
import { compileEntity, type OwnedExtension } from "../model/compile-entity.js";
import type { EntityModel, RelationModel, TreeTable } from "../model/entity-model.js";
import { type EntityValidator, entityValidator } from "../model/validate.js";
import type { PersonalModel } from "../privacy/personal-model.js";
import type { RouteDefinition } from "../routes/define-route.js";
import type { ServiceProvider } from "../services/define-service.js";
import type { SubscriberDefinition } from "../subscribers/define-subscriber.js";
import type { ProfileDimension } from "../timeline/define-profile-dimension.js";
import type { TimelineSource } from "../timeline/define-timeline-source.js";
import { nearest } from "../util/words.js";
import { claim, type Owned } from "./claim.js";
import { compileHooks, type HookTable, type OwnedHook } from "./compile-hooks.js";
import { composeActions } from "./compose-actions.js";
import { composeJobs, composePrincipal, composeSchedules, composeSubscribers } from "./compose-jobs.js";
import { composePersonalData } from "./compose-personal-data.js";
import { composeProfiles } from "./compose-profiles.js";
import { composeTimelines } from "./compose-timeline.js";
import { CORE_CAPABILITIES, CORE_PERMISSIONS } from "./core-capabilities.js";
import type { AnyPlugin, PluginParts } from "./plugin.js";
import { CompositionFailed } from "./plugin-errors.js";
import { resolveOrder } from "./resolve-order.js";

export type { Owned } from "./claim.js";

/** All plugins as one: what the kernel runs on. */
export interface Composition {
  readonly plugins: readonly AnyPlugin[];
  readonly entities: ReadonlyMap<string, EntityModel>;
  readonly validators: ReadonlyMap<string, EntityValidator>;
  /** By full name: `lead.convert`, or `plugin.action` for actions that belong to no entity. */
  readonly actions: ReadonlyMap<string, Owned<AnyAction>>;
  readonly hooks: HookTable;
  readonly services: ReadonlyMap<string, Owned<ServiceProvider>>;
  readonly routes: readonly Owned<RouteDefinition>[];
  readonly metrics: ReadonlyMap<string, Owned<MetricDefinition>>;
  readonly events: ReadonlyMap<string, Owned<EventDefinition>>;
  readonly jobs: ReadonlyMap<string, Owned<AnyJob>>;
  readonly schedules: ReadonlyMap<string, Owned<ScheduleDefinition>>;
  readonly subscribers: ReadonlyMap<string, Owned<SubscriberDefinition>>;
  /** By extension point, in the order of the plugins. */
  readonly contributions: ReadonlyMap<string, readonly unknown[]>;
  readonly principal: PluginParts["principal"];
  readonly permissions: ReadonlyMap<string, Owned<string>>;
  /** What actions and routes ask for, declared with words or not. */
  readonly permissionNames: ReadonlySet<string>;
  /** Uses of the rights of the system. */
  readonly capabilities: ReadonlyMap<string, Owned<string>>;
  /** In the order of the plugins. */
  readonly restrictions: readonly Restriction[];
  readonly directory: DirectoryTables | undefined;
  /** Entities that tell of people. */
  readonly personal: ReadonlyMap<string, PersonalModel>;
  /** By the entity on whose timeline they stand. */
  readonly timelines: ReadonlyMap<string, readonly TimelineSource[]>;
  /** By the entity whose profile they are part of. */
  readonly profiles: ReadonlyMap<string, readonly ProfileDimension[]>;
}

const EVENT_NAME = /^(?=.{3,100}$)[a-z][a-zA-Z0-9]*\.[a-z][a-zA-Z0-9]*$/;

/**
 * Puts plugins together and checks the whole: order, clashes, unknown targets. Everything that is wrong is reported
 * at once, with the plugins' names and the way out.
 *
 * @throws composition-failed
 */
export function compose(plugins: readonly AnyPlugin[], coreVersion: string): Composition {
  const strangers = notPlugins(plugins);
  if (strangers.length > 0) throw CompositionFailed({ problems: strangers });
  const { order, problems: orderProblems } = resolveOrder(plugins, coreVersion);
  const problems = [...orderProblems];
  const entities = composeEntities(order, problems);
  const actions = composeActions(order, entities, problems);
  const known = (hook: HookDefinition) => hookTargetProblem(hook, entities, actions);
  const hooks = compileHooks(
    order.flatMap((plugin) =>
      (plugin.parts.hooks ?? []).map((hook): OwnedHook => ({ owner: plugin.name, hook })),
    ),
    order,
    known,
  );
  problems.push(...hooks.problems);

  const services = new Map<string, Owned<ServiceProvider>>();
  const metrics = new Map<string, Owned<MetricDefinition>>();
  const events = new Map<string, Owned<EventDefinition>>();
  const permissions = new Map<string, Owned<string>>();
  const capabilities = new Map<string, Owned<string>>();
  for (const [name, words] of Object.entries(CORE_CAPABILITIES))
    capabilities.set(name, { owner: "core", value: words });
  for (const [name, words] of Object.entries(CORE_PERMISSIONS))
    permissions.set(name, { owner: "core", value: words });
  const routes: Owned<RouteDefinition>[] = [];
  for (const plugin of order) {
    const { parts } = plugin;
    for (const provider of parts.services ?? []) {
      claim(services, provider.token.name, plugin.name, provider, "service", problems);
    }
    for (const metric of parts.metrics ?? []) {
      claim(metrics, metric.name, plugin.name, metric, "metric", problems);
      problems.push(...metricProblems(metric, entities).map((wrong) => `plugin "${plugin.name}": ${wrong}`));
    }
    for (const event of parts.events ?? []) {
      claim(events, event.name, plugin.name, event, "event", problems);
      if (!EVENT_NAME.test(event.name))
        problems.push(
          `plugin "${plugin.name}": event "${event.name}" must be two camelCase words with a dot between, such as "lead.converted", at most 100 characters`,
        );
    }
    for (const [name, words] of Object.entries(parts.permissions ?? {})) {
      claim(permissions, name, plugin.name, words, "permission", problems);
    }
    for (const [name, words] of Object.entries(parts.capabilities ?? {})) {
      claim(capabilities, name, plugin.name, words, "capability", problems);
      if (!name.startsWith(`${plugin.name}.`))
        problems.push(`plugin "${plugin.name}": capability "${name}" must begin with "${plugin.name}."`);
    }
    for (const route of parts.routes ?? []) {
      const clash = routes.find(
        (r) => r.value.method === route.method && shape(r.value.path) === shape(route.path),
      );
      if (clash) {
        problems.push(
          `plugins "${clash.owner}" and "${plugin.name}" both serve ${route.method} ${route.path}: change one of the paths`,
        );
      }
      if (
        !/^\/(public|api)\//.test(route.path) ||
        (route.permission === "public") !== route.path.startsWith("/public/")
      ) {
        problems.push(
          `plugin "${plugin.name}": route ${route.method} ${route.path} must be below /public/ with permission "public", or below /api/ with another`,
        );
      }
      routes.push({ owner: plugin.name, value: route });
    }
  }
  const directory = composeDirectory(order, entities, problems);
  const personal = composePersonalData(order, entities, problems);
  const timelines = composeTimelines(order, entities, problems);
  const profiles = composeProfiles(order, entities, problems);
  const jobs = composeJobs(order, capabilities, problems);
  const schedules = composeSchedules(order, jobs, problems);
  const principal = composePrincipal(order, problems);
  const subscribers = composeSubscribers(order, capabilities, problems);
  const contributions = new Map<string, unknown[]>();
  for (const { point, values } of order.flatMap(({ parts }) => parts.contributes ?? []))
    contributions.set(point, [...(contributions.get(point) ?? []), ...values]);
  if (problems.length > 0) throw CompositionFailed({ problems });
  const validators = new Map([...entities].map(([name, model]) => [name, entityValidator(model)]));
  return {
    plugins: order,
    entities,
    validators,
    actions,
    hooks: hooks.table,
    services,
    routes,
    metrics,
    events,
    jobs,
    schedules,
    subscribers,
    contributions,
    principal,
    permissions,
    capabilities,
    permissionNames: new Set([
      ...permissions.keys(),
      ...[...actions.values()].map(({ value }) => value.definition.permission),
      ...routes.map(({ value }) => value.permission),
    ]),
    restrictions: order.flatMap(({ parts }) => parts.restrictions ?? []),
    directory,
    personal,
    timelines,
    profiles,
  };
}

function composeDirectory(
  order: readonly AnyPlugin[],
  entities: ReadonlyMap<string, EntityModel>,
  problems: string[],
): DirectoryTables | undefined {
  const [first, second] = order.filter((plugin) => plugin.parts.directory !== undefined);
  if (!first?.parts.directory) return undefined;
  if (second)
    problems.push(
      `plugins "${first.name}" and "${second.name}" both declare an access directory: an app has one`,
    );
  const { tables, problems: wrong } = directoryTables(first.name, first.parts.directory, entities);
  problems.push(...wrong);
  return tables;
}

/** What is in the list but is no plugin; first of all factories that nobody called. */
function notPlugins(plugins: readonly unknown[]): string[] {
  return plugins.flatMap((plugin, i) => {
    if (typeof plugin === "function")
      return [`plugins[${i}] is a function: a plugin's factory, probably. Call it, as in crmCore()`];
    const { name, parts } = (plugin ?? {}) as Partial<AnyPlugin>;
    if (typeof name === "string" && typeof parts === "object") return [];
    return [`plugins[${i}] is not a plugin: make one with definePlugin`];
  });
}

function metricProblems(
  metric: MetricDefinition,
  entities: ReadonlyMap<string, EntityModel>,
): readonly string[] {
  const entity = entities.get(metric.entity);
  if (!entity)
    return [`metric "${metric.name}" is on the entity "${metric.entity}", which no plugin declares`];
  const measured = [metric.measure, metric.divisor].flatMap((measure) => {
    const { where: _, count: __, ...field } = (measure ?? {}) as Record<string, unknown>;
    return Object.values(field) as string[];
  });
  const names = [...metric.dimensions, ...(metric.time ? [metric.time] : []), ...measured];
  return names
    .filter((name) => !entity.fields.has(name))
    .map((name) => `metric "${metric.name}" names "${metric.entity}.${name}", which does not exist`);
}

function composeEntities(order: readonly AnyPlugin[], problems: string[]): Map<string, EntityModel> {
  const declared = new Map<
    string,
    { owner: string; definition: NonNullable<AnyPlugin["parts"]["entities"]>[string]["definition"] }
  >();
  for (const plugin of order) {
    for (const [key, handle] of Object.entries(plugin.parts.entities ?? {})) {
      if (key !== handle.name) {
        problems.push(
          `plugin "${plugin.name}" lists entity "${handle.name}" under the key "${key}": use its own name`,
        );
      }
      const other = declared.get(handle.name);
      if (other) {
        problems.push(
          `plugins "${other.owner}" and "${plugin.name}" both declare the entity "${handle.name}": rename one, or let one extend the other's`,
        );
      } else declared.set(handle.name, { owner: plugin.name, definition: handle.definition });
    }
  }
  const names = new Set(declared.keys());
  const extensions = new Map<string, OwnedExtension[]>();
  for (const plugin of order) {
    for (const [key, handle] of Object.entries(plugin.parts.extends ?? {})) {
      const target = handle.extension.entity;
      if (key !== target) {
        problems.push(
          `plugin "${plugin.name}" lists an extension of "${target}" under the key "${key}": use "${target}"`,
        );
      }
      const owner = declared.get(target)?.owner;
      if (!owner) {
        const hint = nearest(target, names);
        problems.push(
          `plugin "${plugin.name}" extends the entity "${target}", which no plugin declares${hint ? ` (did you mean "${hint}"?)` : ": add the plugin that does"}`,
        );
        continue;
      }
      if (owner !== plugin.name && !(owner in plugin.requires) && !(owner in plugin.optional)) {
        problems.push(
          `plugin "${plugin.name}" extends "${target}" of plugin "${owner}" without declaring it: add requires: { "${owner}": "…" }`,
        );
      }
      extensions.set(target, [
        ...(extensions.get(target) ?? []),
        { owner: plugin.name, definition: handle.extension },
      ]);
    }
  }
  const models = new Map<string, EntityModel>();
  for (const [name, { owner, definition }] of declared) {
    const compiled = compileEntity(owner, definition, extensions.get(name) ?? [], names);
    problems.push(...compiled.problems);
    const clash = [...models.values()].find(
      (m) => m.path === compiled.model.path || m.table === compiled.model.table,
    );
    if (clash) {
      problems.push(
        `entities "${clash.name}" (${clash.owner}) and "${name}" (${owner}) have the same path or table: give one another plural or name`,
      );
    }
    models.set(name, compiled.model);
  }
  for (const model of models.values()) {
    for (const relation of model.relations.values()) {
      if (relation.kind !== "many") continue;
      const field = models.get(relation.target)?.fields.get(relation.foreign);
      if (field?.kind !== "reference" || field.target !== model.name) {
        problems.push(
          `plugin "${relation.owner}": relation "${model.name}.${relation.name}" says "${relation.target}.${relation.foreign}", which is not a reference to ${model.name}`,
        );
      }
    }
  }
  for (const { owner, definition } of declared.values())
    if (definition.tree) problems.push(...growTree(owner, definition, models));
  for (const model of models.values()) if (model.access.attached) leadTo(model, models);
  return models;
}

/** Finds the pairs of a tree. @returns what is wrong with it */
function growTree(
  owner: string,
  { name, tree }: EntityDefinition,
  models: ReadonlyMap<string, EntityModel>,
): string[] {
  const closure = models.get(tree?.closure ?? "");
  const [ancestor, descendant] = [tree?.ancestor, tree?.descendant].map((field) =>
    closure?.fields.get(field ?? ""),
  );
  if (!closure || ancestor?.target !== name || descendant?.target !== name)
    return [
      `plugin "${owner}": tree of "${name}" names "${tree?.closure}", which has no references "${tree?.ancestor}" and "${tree?.descendant}" to ${name}`,
    ];
  const table: TreeTable = { table: closure.table, ancestor: ancestor.column, descendant: descendant.column };
  Object.assign(models.get(name) as EntityModel, { tree: table });
  return [];
}

/**
 * From every record to what hangs on it, under the plural: `notes`. An entity with a field or relation of that name keeps
 * its own.
 */
function leadTo(model: EntityModel, models: ReadonlyMap<string, EntityModel>): void {
  const { attached } = model.access;
  if (!attached) return;
  for (const one of models.values()) {
    if (one.internal || one.access.attached) continue;
    if (one.fields.has(model.plural) || one.relations.has(model.plural)) continue;
    (one.relations as Map<string, RelationModel>).set(model.plural, {
      kind: "many",
      name: model.plural,
      owner: model.owner,
      target: model.name,
      foreign: attached.record.name,
      of: { op: "eq", column: attached.entity.column, value: one.name },
    });
  }
}

function hookTargetProblem(
  hook: HookDefinition,
  entities: ReadonlyMap<string, EntityModel>,
  actions: ReadonlyMap<string, Owned<AnyAction>>,
): string | undefined {
  const write = ["create", "update", "delete", "restore", "purge"].includes(hook.operation);
  if (write && hook.entity !== null) {
    return entities.has(hook.entity) ? undefined : `the entity "${hook.entity}", which no plugin declares`;
  }
  const found = [...actions.values()].some(
    ({ value }) => value.name === hook.operation && value.on === hook.entity,
  );
  return found ? undefined : `the action "${hook.entity ?? "*"}.${hook.operation}", which no plugin lists`;
}

const shape = (path: string): string => path.replace(/:[^/]+/g, ":");
