import { Hono } from "hono";
import { CompositionFailed } from "../plugin/plugin-errors.js";
import { actionRoutes } from "./action-routes.js";
import { entityRoutes } from "./entity-routes.js";
import { MethodNotAllowed, RouteNotFound } from "./errors.js";
import { type HttpCrm, type HttpOptions, type HttpSettings, settingsOf } from "./options.js";
import { pluginRoutes } from "./plugin-routes.js";
import type { HttpRoute } from "./route.js";
import { type Served, serve } from "./serve.js";
import { systemRoutes } from "./system-routes.js";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
/** Paths below `/api/` that core keeps for itself. */
const RESERVED = ["actions", "changes", "imports", "meta"];

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
  const routes = routesOf(settings);
  const app = new Hono();
  for (const sharing of byPath(routes)) {
    for (const route of sharing) {
      app.on(route.method, patternOf(route.path), (c) => serve(c, route, settings));
    }
    const { path } = sharing[0] as HttpRoute;
    const taken = sharing.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method]));
    const allow = METHODS.filter((method) => taken.includes(method));
    const refusal = refuse(path, (method) => MethodNotAllowed({ method, allow }));
    app.all(patternOf(path), (c) => serve(c, refusal, settings));
  }
  // Not by `notFound` alone, which an app loses when it is mounted into another.
  for (const path of ["/api/*", "/public/*"]) {
    const missing = refuse(path, (method, asked) => RouteNotFound({ method, path: asked }));
    app.all(path, (c) => serve(c, missing, settings));
  }
  const elsewhere = {
    ...refuse("*", (method, path) => RouteNotFound({ method, path })),
    access: "open",
  } as const;
  app.notFound((c) => serve(c, elsewhere, settings));
  app.onError((error, c) =>
    serve(c, { access: "open", path: "*", handle: () => Promise.reject(error) }, settings),
  );
  return app;
}

/** All routes, those without parameters first, so that `/api/leads/mine` is not taken for an id. */
function routesOf(settings: HttpSettings): HttpRoute[] {
  const { composition } = settings.crm.runtime;
  const { entities } = composition;
  const described = [
    ...[...entities.values()]
      .filter((entity) => !entity.internal)
      .flatMap((entity) => entityRoutes(entity, entities, settings.maxBody)),
    ...actionRoutes(composition, entities, settings.maxBody),
    ...pluginRoutes(composition.routes, settings),
  ];
  const routes = [...systemRoutes(described, settings), ...described];
  const problems = [...clashes(routes), ...reserved(settings), ...unclear(settings)];
  if (problems.length > 0) throw CompositionFailed({ problems });
  return routes.toSorted((a, b) => (shapeOf(a.path) < shapeOf(b.path) ? 1 : -1));
}

function clashes(routes: readonly HttpRoute[]): string[] {
  const problems: string[] = [];
  const seen = new Map<string, HttpRoute>();
  for (const route of routes) {
    const key = `${route.method} ${shapeOf(route.path)}`;
    const other = seen.get(key);
    if (other)
      problems.push(
        `plugins "${other.owner}" and "${route.owner}" both serve ${route.method} ${route.path} ("${other.operation.id}" and "${route.operation.id}"): rename one of the two`,
      );
    seen.set(key, route);
  }
  return problems;
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
  return crm.runtime.composition.routes
    .filter(({ value }) => !/^(\/([\w.~-]+|:\w+))+(\/\*)?$/.test(value.path))
    .map(
      ({ owner, value }) =>
        `plugin "${owner}": the path "${value.path}" must be made of plain segments and ":name" parameters`,
    );
}

/** Two paths of one shape match the same requests. The sign for a parameter sorts before any letter. */
const shapeOf = (path: string): string => path.replace(/\{\w+\}/g, " ");

const patternOf = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1");

/** Routes of one path together. */
function byPath(routes: readonly HttpRoute[]): Iterable<readonly HttpRoute[]> {
  const found = new Map<string, HttpRoute[]>();
  for (const route of routes) {
    const shape = shapeOf(route.path);
    found.set(shape, [...(found.get(shape) ?? []), route]);
  }
  return found.values();
}

/** Refusals below `/api/` are for callers who have proven who they are: others learn nothing of what is there. */
function refuse(path: string, error: (method: string, path: string) => Error): Served {
  return {
    path,
    access: path.startsWith("/api/") ? "authenticated" : "open",
    handle: ({ request, path: asked }) => Promise.reject(error(request.method, asked)),
  };
}
