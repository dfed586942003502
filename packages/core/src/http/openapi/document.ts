import type { HttpSettings } from "../options.js";
import { PROBLEM_TYPE } from "../problem.js";
import type { HttpRoute } from "../route.js";
import { querySchemas } from "./entity-operations.js";
import { jobSchemas } from "./job-operations.js";
import { journalSchemas } from "./journal-operations.js";
import type { Operation, Parameter, ResponseDoc } from "./operation.js";
import { provenanceSchemas } from "./provenance-operation.js";
import { entitySchemas, ref, sharedSchemas } from "./schemas.js";
import { importSchemas } from "./transfer-operations.js";

type Json = Readonly<Record<string, unknown>>;

const ERRORS: Readonly<Record<number, string>> = {
  400: "The request is malformed, or names a field that is not there.",
  401: "No credential, or one that does not hold.",
  403: "The caller may see the record, but not do this.",
  404: "There is no such record, or the caller may not see it.",
  406: "The app cannot answer in this form.",
  409: "The change collides with other records, or a plugin refuses it.",
  412: "The record has changed since it was read.",
  410: "What the record speaks of is not there any more.",
  413: "The body is too large.",
  415: "The body has a type that the route does not read.",
  429: "The caller asks too often: `Retry-After` says when to try again.",
  503: "Nothing was changed: try again after `Retry-After`.",
  422: "Values are missing or wrong: `errors` says which.",
};

/** The routes as an OpenAPI 3.1 document, without `servers`, which depends on how the app is reached. */
export function openApiDocument(routes: readonly HttpRoute[], settings: HttpSettings): Json {
  const { entities } = settings.crm.runtime.composition;
  const schemas: Record<string, unknown> = {
    ...sharedSchemas,
    ...querySchemas,
    ...importSchemas,
    ...journalSchemas,
    ...provenanceSchemas,
    ...jobSchemas,
  };
  for (const entity of entities.values())
    if (!entity.internal) Object.assign(schemas, entitySchemas(entity, entities));
  return {
    openapi: "3.1.0",
    info: { title: settings.title, version: settings.version },
    servers: [],
    tags: [...new Set(routes.map((route) => route.operation.tag))].map((name) => ({ name })),
    paths: pathsOf(routes, settings),
    components: {
      schemas,
      responses: Object.fromEntries(
        Object.entries(ERRORS).map(([status, description]) => [`Problem${status}`, problem(description)]),
      ),
      securitySchemes: Object.fromEntries(settings.authenticators.map(({ name, scheme }) => [name, scheme])),
    },
  };
}

const idempotencyKey: Parameter = {
  name: "Idempotency-Key",
  in: "header",
  description:
    "Made once for each thing to be done: however often the request comes, it is done once, and answered alike for 24 hours. 422 with another body; 409 `in-progress` while the first is running.",
  schema: { type: "string", minLength: 1, maxLength: 255 },
};

function pathsOf(routes: readonly HttpRoute[], settings: HttpSettings): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    (paths[route.path] as Record<string, unknown>)[route.method.toLowerCase()] = operationOf(route, settings);
  }
  return paths;
}

function operationOf(route: HttpRoute, { authenticators }: HttpSettings): Json {
  const { operation } = route;
  const parameters = [...(operation.parameters ?? []), ...(route.method === "POST" ? [idempotencyKey] : [])];
  const errors = route.access === "authenticated" ? [401, ...operation.errors] : operation.errors;
  const responses: Record<string, unknown> = {};
  for (const [status, response] of Object.entries(operation.responses))
    if (response) responses[status] = responseOf(response);
  for (const status of errors.toSorted((a, b) => a - b))
    responses[status] = { $ref: `#/components/responses/Problem${status}` };
  responses["default"] = problem("Any other error.");
  return {
    operationId: operation.id,
    ...(route.policy === undefined ? {} : { "x-corm-policy": route.policy }),
    tags: [operation.tag],
    summary: operation.summary,
    ...(operation.description === undefined ? {} : { description: operation.description }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(operation.body === undefined ? {} : { requestBody: requestBodyOf(operation.body) }),
    responses,
    security: route.access === "open" ? [] : authenticators.map(({ name }) => ({ [name]: [] })),
  };
}

function requestBodyOf(body: NonNullable<Operation["body"]>): Json {
  const { required, types, schema, example } = body;
  const media = { schema, ...(example === undefined ? {} : { example }) };
  return { required, content: Object.fromEntries(types.map((type) => [type, media])) };
}

function responseOf({ description, type = "application/json", schema, headers }: ResponseDoc): Json {
  return {
    description,
    ...(headers === undefined ? {} : { headers }),
    ...(schema === undefined
      ? {}
      : { content: Object.fromEntries([type].flat().map((name) => [name, { schema }])) }),
  };
}

function problem(description: string): Json {
  return { description, content: { [PROBLEM_TYPE]: { schema: ref("Corm.Problem") } } };
}
