import type { AnyAction } from "../actions/define-action.js";
import type { HookDefinition } from "../hooks/define-hook.js";
import type { MetricDefinition } from "../metrics/define-metric.js";
import { compileEntity, type OwnedExtension } from "../model/compile-entity.js";
import type { EntityModel } from "../model/entity-model.js";
import { type EntityValidator, entityValidator } from "../model/validate.js";
import type { RouteDefinition } from "../routes/define-route.js";
import type { ServiceProvider } from "../services/define-service.js";
import { nearest } from "../util/words.js";
import { compileHooks, type HookTable, type OwnedHook } from "./compile-hooks.js";
import type { AnyPlugin } from "./plugin.js";
import { CompositionFailed } from "./plugin-errors.js";
import { resolveOrder } from "./resolve-order.js";

export interface Owned<T> {
  readonly owner: string;
  readonly value: T;
}

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
  readonly permissions: ReadonlyMap<string, Owned<string>>;
}

/**
 * Puts plugins together and checks the whole: order, clashes, unknown targets. Everything that is wrong is reported
 * at once, with the plugins' names and the way out.
 *
 * @throws composition-failed
 */
export function compose(plugins: readonly AnyPlugin[], coreVersion: string): Composition {
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
  const permissions = new Map<string, Owned<string>>();
  const routes: Owned<RouteDefinition>[] = [];
  for (const plugin of order) {
    const { parts } = plugin;
    for (const provider of parts.services ?? []) {
      claim(services, provider.token.name, plugin.name, provider, "service", problems);
    }
    for (const metric of parts.metrics ?? []) {
      claim(metrics, metric.name, plugin.name, metric, "metric", problems);
      const entity = entities.get(metric.entity);
      const names = [...metric.dimensions, ...(metric.time ? [metric.time] : [])];
      for (const name of names) {
        if (!entity?.fields.has(name)) {
          problems.push(
            `plugin "${plugin.name}": metric "${metric.name}" names "${metric.entity}.${name}", which does not exist`,
          );
        }
      }
    }
    for (const [name, words] of Object.entries(parts.permissions ?? {})) {
      claim(permissions, name, plugin.name, words, "permission", problems);
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
    permissions,
  };
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
  return models;
}

const repositoryMethods = new Set(
  "create createMany get find first stream count aggregate update updateMany updateWhere upsertMany delete deleteMany restore purge".split(
    " ",
  ),
);
/** Path segments below `/api/{plural}` that core serves itself. */
const reservedSegments = new Set([
  "query",
  "aggregate",
  "batch",
  "import",
  "export",
  "restore",
  "history",
  "timeline",
]);

function composeActions(
  order: readonly AnyPlugin[],
  entities: ReadonlyMap<string, EntityModel>,
  problems: string[],
): Map<string, Owned<AnyAction>> {
  const actions = new Map<string, Owned<AnyAction>>();
  for (const plugin of order) {
    for (const action of Object.values(plugin.parts.actions ?? {})) {
      const full = `${action.on ?? plugin.name}.${action.name}`;
      claim(actions, full, plugin.name, action, "action", problems);
      if (action.on !== null && !entities.has(action.on)) {
        problems.push(`plugin "${plugin.name}": action "${full}" is on an entity that no plugin declares`);
      }
      if (repositoryMethods.has(action.name) || reservedSegments.has(action.name)) {
        problems.push(
          `plugin "${plugin.name}": action "${full}" has the name of a built-in operation: choose another verb`,
        );
      }
    }
  }
  return actions;
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

function claim<T>(
  map: Map<string, Owned<T>>,
  name: string,
  owner: string,
  value: T,
  what: string,
  problems: string[],
): void {
  const other = map.get(name);
  if (other)
    problems.push(
      `plugins "${other.owner}" and "${owner}" both declare the ${what} "${name}": rename one of the two`,
    );
  else map.set(name, { owner, value });
}

const shape = (path: string): string => path.replace(/:[^/]+/g, ":");
