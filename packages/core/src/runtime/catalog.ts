import type { SessionAccess } from "../access/session-access.js";
import type { Catalog, CatalogEntity } from "../context/catalog.js";
import type { Session } from "./session.js";

const catalogs = new WeakMap<SessionAccess, Catalog>();

/** What the actor may see of the app: made when it is first asked for. */
export function catalogOf({ access, runtime: { composition } }: Session): Catalog {
  let catalog = catalogs.get(access);
  if (!catalog) {
    const entities = new Map<string, CatalogEntity>();
    for (const plugin of composition.plugins) {
      for (const [name, handle] of Object.entries(plugin.parts.entities ?? {})) {
        const model = composition.entities.get(name);
        if (model && access.has(name, "read"))
          entities.set(name, { label: model.label, handle, fields: access.view(model).queryable });
      }
    }
    const metrics = new Map(
      [...composition.metrics]
        .filter(([, { value }]) => entities.has(value.entity))
        .map(([name, { value }]) => [name, value]),
    );
    catalog = { entities, metrics };
    catalogs.set(access, catalog);
  }
  return catalog;
}
