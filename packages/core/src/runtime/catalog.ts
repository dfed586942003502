import type { Catalog, CatalogEntity } from "../context/catalog.js";
import type { Composition } from "../plugin/compose.js";

const catalogs = new WeakMap<Composition, Catalog>();

/** Made when it is first asked for, once per app. */
export function catalogOf(composition: Composition): Catalog {
  let catalog = catalogs.get(composition);
  if (!catalog) {
    const entities = new Map<string, CatalogEntity>();
    for (const plugin of composition.plugins) {
      for (const [name, handle] of Object.entries(plugin.parts.entities ?? {})) {
        const model = composition.entities.get(name);
        if (model) entities.set(name, { label: model.label, handle, fields: model.fields });
      }
    }
    const metrics = new Map([...composition.metrics].map(([name, { value }]) => [name, value]));
    catalog = { entities, metrics };
    catalogs.set(composition, catalog);
  }
  return catalog;
}
