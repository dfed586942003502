import { ActorAccess } from "../access/session-access.js";
import type { Catalog, CatalogAction, CatalogEntity } from "../context/catalog.js";
import type { Composition } from "../plugin/compose.js";
import type { Session } from "./session.js";

/** Per app, and in it per set of roles: all apps of a process share the access of the system. */
const byApp = new WeakMap<Composition, WeakMap<object, Catalog>>();

/** What the actor may see of the app: made when it is first asked for. */
export function catalogOf({ access, runtime }: Session): Catalog {
  const { composition } = runtime;
  let catalogs = byApp.get(composition);
  if (!catalogs) {
    catalogs = new WeakMap();
    byApp.set(composition, catalogs);
  }
  // Who has the same roles sees the same of the app.
  const key = access instanceof ActorAccess ? access.policy : access;
  let catalog = catalogs.get(key);
  if (!catalog) {
    const entities = new Map<string, CatalogEntity>();
    for (const plugin of composition.plugins) {
      for (const [name, handle] of Object.entries(plugin.parts.entities ?? {})) {
        const model = composition.entities.get(name);
        if (!model || !access.has(name, "read")) continue;
        const fields = access.view(model).queryable;
        const { owner, team } = model.access;
        const seen = (name: string | undefined) => (name !== undefined && fields.has(name) ? name : null);
        entities.set(name, {
          label: model.label,
          handle,
          fields,
          owner: seen(owner?.name),
          team: seen(team?.name),
        });
      }
    }
    const metrics = new Map(
      [...composition.metrics]
        .filter(([, { value }]) => entities.has(value.entity))
        .map(([name, { value }]) => [name, value]),
    );
    const actions = new Map<string, CatalogAction>();
    for (const [name, { value: action }] of composition.actions) {
      const { label, permission, collection, input, output } = action.definition;
      if (!access.permits(permission)) continue;
      actions.set(name, { label, handle: action, onRecord: !collection, input, output });
    }
    const { access: registry } = runtime;
    catalog = {
      entities,
      metrics,
      actions,
      events: new Set(composition.events.keys()),
      permissions: permissionsOf(composition),
      roles: registry.roles,
      roleIssues: (role) => registry.issuesOf(role),
    };
    catalogs.set(key, catalog);
  }
  return catalog;
}

function permissionsOf({ actions, routes, permissions }: Composition): ReadonlySet<string> {
  const named = [
    ...permissions.keys(),
    ...[...actions.values()].map(({ value }) => value.definition.permission),
    ...routes.map(({ value }) => value.permission),
  ];
  return new Set(named.filter((name) => name !== "public"));
}
