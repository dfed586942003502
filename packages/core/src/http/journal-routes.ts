import type { EntityModel } from "../model/entity-model.js";
import { DEFAULT_LIMIT } from "../repository/read.js";
import { changeStream } from "./change-stream.js";
import { InvalidParameter } from "./errors.js";
import { changesOperation, historyOperation, streamOperation } from "./openapi/journal-operations.js";
import { readParameters } from "./parameters.js";
import type { EntityModels } from "./public-query.js";
import type { HttpCall, HttpRoute } from "./route.js";

/** The history of records, and what happened in the tenant: polled, or as a stream. */
export function journalRoutes(entities: EntityModels, report: (error: unknown) => void): HttpRoute[] {
  const served = [...entities.values()].filter((entity) => !entity.internal);
  const route = (
    path: string,
    rest: Pick<HttpRoute, "operation" | "handle">,
    owner = "core",
    // Whoever is known may ask: he hears of what he may read.
    policy = "authenticated",
  ): HttpRoute => ({
    owner,
    method: "GET",
    path,
    access: "authenticated",
    policy,
    ...rest,
  });
  return [
    ...served.map((entity) =>
      route(
        `/api/${entity.path}/{id}/history`,
        { operation: historyOperation(entity), handle: (call) => history(call, entity) },
        entity.owner,
        `${entity.name}:read`,
      ),
    ),
    route("/api/changes", { operation: changesOperation, handle: changes }),
    route("/api/changes/stream", { operation: streamOperation, handle: (call) => stream(call, report) }),
  ];
}

async function history(call: HttpCall, entity: EntityModel) {
  const { limit, after } = placeOf(call);
  const repository = call.session.repoOf(entity.name);
  const { items, next } = await repository.history(call.params["id"] as string, { limit, after });
  return { status: 200, body: { data: items, page: { next, limit } } };
}

async function changes(call: HttpCall) {
  const { limit, after } = placeOf(call);
  const { items, next, more } = await call.session.changes({ limit, after });
  return { status: 200, body: { data: items, page: { next, more, limit } } };
}

async function stream(call: HttpCall, report: (error: unknown) => void): Promise<Response> {
  const given = readParameters(call.query, ["after"]).get("after");
  const after = call.request.headers.get("last-event-id") ?? given ?? "now";
  const first = await call.session.changes({ after });
  return new Response(changeStream(call, first, report), {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      // For proxies that would otherwise wait for more.
      "x-accel-buffering": "no",
    },
  });
}

function placeOf(call: HttpCall): { limit: number; after: string | undefined } {
  const parameters = readParameters(call.query, ["limit", "after"]);
  const limit = parameters.get("limit");
  if (limit !== undefined && !/^\d{1,6}$/.test(limit))
    throw InvalidParameter({ parameter: "limit", reason: "is a whole number" });
  return { limit: limit === undefined ? DEFAULT_LIMIT : Number(limit), after: parameters.get("after") };
}
