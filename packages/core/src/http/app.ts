import { Hono } from "hono";
import { routePath } from "hono/route";
import { CompositionFailed } from "../plugin/plugin-errors.js";
import { actionRoutes } from "./action-routes.js";
import { authRoutes } from "./auth/routes.js";
import { withCors } from "./cors.js";
import { dictionaryRoute } from "./dictionary-route.js";
import { entityRoutes } from "./entity-routes.js";
import { fileRoutes } from "./file-routes.js";
import { jobRoutes } from "./job-routes.js";
import { journalRoutes } from "./journal-routes.js";
import { metaRoute } from "./meta.js";
import { type HttpCrm, type HttpOptions, type HttpSettings, isTimeout, settingsOf } from "./options.js";
import { pluginRoutes } from "./plugin-routes.js";
import { profileRoutes } from "./profile-routes.js";
import { provenanceRoutes } from "./provenance-routes.js";
import type { HttpRoute } from "./route.js";
import { RouteTree, segmentsOf } from "./route-tree.js";
import { type Area, serve } from "./serve.js";
import { systemRoutes } from "./system-routes.js";
import { importRoutes, transferRoutes } from "./transfer-routes.js";

/** Paths below `/api/` that core keeps for itself. */
const RESERVED = ["actions", "auth", "changes", "data-dictionary", "imports", "jobs", "meta"];

/**
 * The HTTP API of a CRM, made from its plugins: a Hono app, which any host that speaks `Request` and `Response` can
 * serve, alone or mounted into another app. It answers every error of its own as a problem document.
 *
 * @throws invalid-http-options; composition-failed where two routes clash
 * @example
 * const app = new Hono();
 * app.route("/crm", createHttp(crm));
 * serve({ fetch: app.fetch, port: 3000 }); // of @hono/node-server
 */
export function createHttp(crm: HttpCrm, options: HttpOptions = {}): Hono {
  const settings = settingsOf(crm, options);
  const { tree, systemPaths } = routesOf(settings);
  const app = new Hono();
  const area = (pattern: string, isPrivate: boolean) => {
    const own = segmentsOf(pattern).length;
    const origins = settings.signIn?.settings.origins ?? [];
    /** By the path under which a host has mounted the app: it may have done so more than once. */
    const areas = new Map<string, Area>();
    const areaAt = (path: string): Area => {
      let found = areas.get(path);
      if (!found) {
        found = { tree, mountedAt: segmentsOf(path).length - own, isPrivate };
        areas.set(path, found);
      }
      return found;
    };
    app.all(pattern, (c) => {
      const here = areaAt(routePath(c));
      return origins.length === 0
        ? serve(c, here, settings)
        : withCors(c.req.raw, origins, async () => serve(c, here, settings));
    });
  };
  area("/api/*", true);
  area("/public/*", false);
  for (const path of systemPaths) area(path, false);
  // For an app that stands alone: one that is mounted leaves other paths to its host.
  const elsewhere: Area = { tree, mountedAt: 0, isPrivate: false };
  app.notFound((c) => serve(c, elsewhere, settings));
  return app;
}

function routesOf(settings: HttpSettings): { tree: RouteTree; systemPaths: string[] } {
  const { composition } = settings.crm.runtime;
  const { entities } = composition;
  const described: HttpRoute[] = [
    ...[...entities.values()]
      .filter((entity) => !entity.internal)
      .flatMap((entity) => [
        ...entityRoutes(entity, entities, settings),
        ...transferRoutes(entity, settings),
        ...profileRoutes(entity, settings),
        ...provenanceRoutes(entity, settings),
      ]),
    ...importRoutes(settings),
    ...fileRoutes(settings),
    ...journalRoutes(entities, settings.crm.report),
    ...jobRoutes(),
    ...actionRoutes(composition, entities, settings),
    metaRoute(settings),
    dictionaryRoute,
    ...pluginRoutes(composition.routes, settings),
    ...(settings.signIn ? authRoutes(settings, settings.signIn.settings, settings.signIn.find) : []),
  ];
  const system = systemRoutes(described, settings);
  const tree = new RouteTree([...system, ...described]);
  const problems = [...tree.clashes.map(clash), ...reserved(settings), ...unclear(settings)];
  if (problems.length > 0) throw CompositionFailed({ problems });
  return { tree, systemPaths: system.map((route) => route.path) };
}

function clash([first, second]: readonly [HttpRoute, HttpRoute]): string {
  return `plugins "${first.owner}" and "${second.owner}" both serve ${second.method} ${second.path} ("${first.operation.id}" and "${second.operation.id}"): rename one of the two`;
}

function reserved({ crm }: HttpSettings): string[] {
  return [...crm.runtime.composition.entities.values()]
    .filter((entity) => !entity.internal && RESERVED.includes(entity.path))
    .map(
      (entity) =>
        `plugin "${entity.owner}": entity "${entity.name}" has the path "/api/${entity.path}", which core keeps for itself: give it another plural`,
    );
}

function unclear({ crm }: HttpSettings): string[] {
  const { routes } = crm.runtime.composition;
  const tenantless = routes
    .filter(({ value }) => value.atomic && value.permission === "public")
    .map(
      ({ owner, value }) =>
        `plugin "${owner}": the public route "${value.path}" cannot be atomic, since it begins without a tenant`,
    );
  const misspelt = routes
    .filter(({ value }) => !/^(\/([\w.~-]+|:\w+))+$/.test(value.path))
    .map(
      ({ owner, value }) =>
        `plugin "${owner}": the path "${value.path}" must be made of plain segments and ":name" parameters`,
    );
  const timeless = routes
    .filter(({ value }) => !isTimeout(value.timeout ?? null))
    .map(
      ({ owner, value }) =>
        `plugin "${owner}": "timeout" of "${value.path}" is a number of milliseconds, at least 1, or null`,
    );
  return [...misspelt, ...tenantless, ...timeless];
}
