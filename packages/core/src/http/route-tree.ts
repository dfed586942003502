import { MethodNotAllowed, RouteNotFound } from "./errors.js";
import type { HttpRoute } from "./route.js";

interface Node {
  readonly named: Map<string, Node>;
  parameter: Node | undefined;
  readonly routes: Map<string, HttpRoute>;
}

export interface Matched {
  readonly route: HttpRoute;
  readonly params: Readonly<Record<string, string>>;
}

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/**
 * Finds the route of a path, segment by segment: one that is named wins over a parameter, whatever the order in which
 * plugins came. Hono's own routers do not tell a path that is not there from a method that it does not take.
 */
export class RouteTree {
  readonly #root = node();
  readonly #names = new Map<HttpRoute, readonly string[]>();
  /** Routes that no request could tell apart, in pairs. */
  readonly clashes: (readonly [HttpRoute, HttpRoute])[] = [];

  constructor(routes: readonly HttpRoute[]) {
    for (const route of routes) this.#add(route);
  }

  /** @throws route-not-found, method-not-allowed */
  match(method: string, segments: readonly string[]): Matched {
    const values: string[] = [];
    const found = find(this.#root, segments, 0, values);
    if (!found) throw RouteNotFound({ method, path: `/${segments.join("/")}` });
    const route = found.routes.get(method === "HEAD" ? "GET" : method);
    if (!route) throw MethodNotAllowed({ method, allow: METHODS.filter((name) => takes(found, name)) });
    return { route, params: paramsOf(this.#names.get(route) ?? [], values) };
  }

  #add(route: HttpRoute): void {
    let at = this.#root;
    // Routes of one place may call its parameters differently.
    const names: string[] = [];
    for (const segment of segmentsOf(route.path)) {
      if (segment.startsWith("{")) {
        names.push(segment.slice(1, -1));
        at.parameter ??= node();
        at = at.parameter;
      } else {
        let next = at.named.get(segment);
        if (!next) {
          next = node();
          at.named.set(segment, next);
        }
        at = next;
      }
    }
    this.#names.set(route, names);
    const other = at.routes.get(route.method);
    if (other) this.clashes.push([other, route]);
    else at.routes.set(route.method, route);
  }
}

/** `/api/leads/{id}` → `["api", "leads", "{id}"]`. */
export function segmentsOf(path: string): string[] {
  return path.split("/").slice(1);
}

function node(): Node {
  return { named: new Map(), parameter: undefined, routes: new Map() };
}

function find(at: Node, segments: readonly string[], depth: number, values: string[]): Node | undefined {
  if (depth === segments.length) return at.routes.size > 0 ? at : undefined;
  const segment = segments[depth] as string;
  const named = at.named.get(segment);
  const found = named && find(named, segments, depth + 1, values);
  if (found || !at.parameter || segment === "") return found;
  values.push(segment);
  const below = find(at.parameter, segments, depth + 1, values);
  if (!below) values.pop();
  return below;
}

function takes({ routes }: Node, method: string): boolean {
  return routes.has(method === "HEAD" ? "GET" : method);
}

function paramsOf(names: readonly string[], values: readonly string[]): Record<string, string> {
  const params: Record<string, string> = {};
  for (let i = 0; i < values.length; i += 1) params[names[i] as string] = values[i] as string;
  return params;
}
