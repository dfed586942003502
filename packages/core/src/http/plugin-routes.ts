import type { Context } from "../context/context.js";
import { Forbidden, NotFound, Unauthenticated, ValidationFailed } from "../errors/core-errors.js";
import { InvalidCrmOptions } from "../kernel/check-options.js";
import { issuesOf } from "../model/validate.js";
import type { Owned } from "../plugin/compose.js";
import { closed, withDefaults } from "../repository/run-action.js";
import type { RouteAccess, RouteDefinition, RouteRequest } from "../routes/define-route.js";
import { checker } from "../schema/checker.js";
import { FORM_TYPE, JSON_TYPE, limitedRequest, readBody } from "./body.js";
import { pluginOperation } from "./openapi/plugin-operation.js";
import type { HttpSettings } from "./options.js";
import { describedLater, type HttpCall, type HttpRoute } from "./route.js";

/** Routes that plugins declare themselves. */
export function pluginRoutes(routes: readonly Owned<RouteDefinition>[], settings: HttpSettings): HttpRoute[] {
  return routes.map(({ owner, value: route }) => {
    const bodyOf = bodyReader(route, route.maxBody ?? settings.maxBody);
    const served: Omit<HttpRoute, "operation"> = {
      owner,
      method: route.method,
      path: templateOf(route.path),
      access: route.permission === "public" ? "open" : "authenticated",
      policy: route.permission === "public" ? "open" : route.permission,
      once: route.atomic ? "inside" : "around",
      maxBody: route.maxBody ?? undefined,
      timeout: route.timeout,
      handle: async (call) => {
        if (route.permission !== "public" && !call.session.permits(route.permission))
          throw Forbidden({ reason: `Your roles do not allow "${route.permission}".` });
        const request = await bodyOf(call);
        const handle = (own: () => Context) => route.handle(request, accessOf(route, call, own, settings));
        // A body that the route reads itself can be read once only: such a route is not run again on a collision.
        if (route.atomic) return call.session.transaction((tx) => handle(() => tx));
        return handle(() => call.session);
      },
    };
    return describedLater(served, () => pluginOperation(route, owner));
  });
}

/** `/public/forms/:key` as OpenAPI and `HttpRoute` write it: `/public/forms/{key}`. */
export function templateOf(path: string): string {
  return path.replace(/:(\w+)/g, "{$1}");
}

type Reader = (call: HttpCall) => Promise<RouteRequest<never>>;

function bodyReader(route: RouteDefinition, limit: number): Reader {
  const base = ({ params, query, request, clientAddress }: HttpCall) => ({
    params,
    query,
    headers: request.headers,
    clientAddress,
  });
  const { body: schema } = route;
  if (schema === null) {
    return async (call) => ({
      ...base(call),
      body: undefined as never,
      raw: limitedRequest(call.request, limit),
    });
  }
  const validator = checker(closed(schema));
  return async (call) => {
    const given = (await readBody(call.request, [JSON_TYPE, FORM_TYPE], limit)) ?? {};
    const body = withDefaults(schema, given);
    if (!validator.Check(body))
      throw ValidationFailed({ entity: "body", issues: issuesOf(validator.Errors(body)[1]) });
    return { ...base(call), body: body as never, raw: call.request };
  };
}

function accessOf(
  route: RouteDefinition,
  call: HttpCall,
  own: () => Context,
  { crm }: HttpSettings,
): RouteAccess {
  return {
    get ctx(): Context {
      if (route.permission === "public")
        throw Unauthenticated({ reason: "A public route has no caller: use forTenant()." });
      return own();
    },
    forTenant(tenant) {
      const { requestId, signal } = call;
      const actor = { kind: "public", route: route.path } as const;
      try {
        return crm.as({ actor, tenant, requestId, signal });
      } catch (error) {
        // A tenant that cannot be one came with the request: there is nothing behind it.
        if (InvalidCrmOptions.is(error))
          throw NotFound({ entity: "tenant", id: String(tenant).slice(0, 64) });
        throw error;
      }
    },
    defaultTenant: crm.defaultTenant,
    tokens: crm.runtime.tokens,
  };
}
