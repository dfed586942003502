import type { EntityModel } from "../../model/entity-model.js";
import { MAX_OPERATIONS } from "../batch-body.js";
import { JSON_TYPE, MERGE_PATCH_TYPE } from "../body.js";
import { type EntityModels, OPERATORS } from "../public-query.js";
import { exampleInput, exampleOperation, examplePatch } from "./examples.js";
import type { JsonSchema, Operation, Parameter, ResponseDoc } from "./operation.js";
import { aggregateBody, asOf, queryBody } from "./query-schemas.js";
import { componentName, ref } from "./schemas.js";

export type OperationName =
  | "find"
  | "create"
  | "query"
  | "aggregate"
  | "batch"
  | "get"
  | "timeline"
  | "update"
  | "delete"
  | "restore";

export const idParameter: Parameter = {
  name: "id",
  in: "path",
  required: true,
  schema: { type: "string", format: "uuid" },
};
export const ifMatchParameter: Parameter = {
  name: "If-Match",
  in: "header",
  description: "The `ETag` that was read: 412 where the record has changed since.",
  schema: { type: "string" },
};
const ifNoneMatchParameter: Parameter = {
  name: "If-None-Match",
  in: "header",
  description: "The `ETag` of the copy at hand: 304 where it is still right.",
  schema: { type: "string" },
};

const etag = { ETag: { description: "Changes with the record.", schema: { type: "string" } } };

/** What OpenAPI says of the routes of an entity. */
export function entityOperations(
  entity: EntityModel,
  entities: EntityModels,
): Readonly<Record<OperationName, Operation>> {
  const name = componentName(entity);
  const label = entity.label.toLowerCase();
  const operation = (id: OperationName, rest: Omit<Operation, "id" | "tag">): Operation => ({
    id: `${entity.name}.${id}`,
    tag: entity.label,
    ...rest,
  });
  const record = (description: string): ResponseDoc => ({ description, schema: ref(name), headers: etag });
  const page: ResponseDoc = { description: "A page of records.", schema: ref(`${name}.Page`) };
  const body = (schema: JsonSchema, example?: unknown, types: readonly string[] = [JSON_TYPE]) => ({
    body: { required: true, types, schema, ...(example === undefined ? {} : { example }) },
  });
  return {
    find: operation("find", {
      summary: `List ${label} records`,
      parameters: listParameters(entity, entities),
      responses: { 200: page },
      errors: [400],
    }),
    create: operation("create", {
      summary: `Create a ${label}`,
      ...body(ref(`${name}.Input`), exampleInput(entity)),
      responses: { 201: withLocation(record("The record as it was made.")) },
      errors: [400, 409, 413, 415, 422],
    }),
    query: operation("query", {
      summary: `List ${label} records by a filter in the body`,
      description: "For what does not fit a URL: nested conditions, long lists, spans around now.",
      ...body(ref("Corm.Query"), { filter: { createdAt: { within: { last: 30, unit: "day" } } }, limit: 20 }),
      responses: { 200: page },
      errors: [400, 413, 415],
    }),
    aggregate: operation("aggregate", {
      summary: `Count and sum ${label} records`,
      ...body(ref("Corm.AggregateQuery"), {
        groupBy: [{ field: "createdAt", bucket: "month" }],
        measures: { n: { count: true } },
      }),
      responses: { 200: { description: "One entry per group.", schema: ref("Corm.Aggregate") } },
      errors: [400, 413, 415, 422],
    }),
    batch: operation("batch", {
      summary: `Create, change and delete up to ${MAX_OPERATIONS} ${label} records`,
      description:
        "In one transaction and in the order given. `atomic` (the default): all or nothing, and the problem points at the operation that failed. Otherwise a result for each, and those that fail are left out.",
      ...body(ref(`${name}.Batch`), { operations: [exampleOperation(entity)] }),
      responses: { 200: { description: "One result per operation.", schema: ref(`${name}.BatchResults`) } },
      errors: [400, 404, 409, 412, 413, 415, 422],
    }),
    get: operation("get", {
      summary: `Read a ${label}`,
      parameters: [
        idParameter,
        ...includeParameter(entity, entities),
        ...asOfParameter(entity),
        ifNoneMatchParameter,
      ],
      responses: {
        200: record("The record."),
        304: { description: "The copy at hand is still right.", headers: etag },
      },
      errors: [400, 404],
    }),
    timeline: operation("timeline", {
      summary: `What happened around a ${label}`,
      description:
        "Activities, sales, tickets, mail, consents and whatever else the plugins tell of, newest first, as far as the caller may read it.",
      parameters: [idParameter, limitParameter, afterParameter],
      responses: { 200: { description: "A page of entries.", schema: ref("Corm.Timeline") } },
      errors: [400, 404],
    }),
    update: operation("update", {
      summary: `Change a ${label}`,
      description: "JSON Merge Patch (RFC 7396): absent fields stay, null clears.",
      parameters: [idParameter, ifMatchParameter],
      ...body(ref(`${name}.Patch`), examplePatch(entity), [MERGE_PATCH_TYPE, JSON_TYPE]),
      responses: { 200: record("The record as it is now.") },
      errors: [400, 404, 409, 412, 413, 415, 422],
    }),
    delete: operation("delete", {
      summary: `Delete a ${label}`,
      description:
        "Into the recycle bin, from which `restore` brings it back; `purge=true` removes it for good.",
      parameters: [
        idParameter,
        {
          name: "purge",
          in: "query",
          description: "Remove the record for good, also out of the recycle bin.",
          schema: { type: "boolean", default: false },
        },
        ifMatchParameter,
      ],
      responses: { 204: { description: "It is gone." } },
      errors: [400, 404, 409, 412],
    }),
    restore: operation("restore", {
      summary: `Restore a ${label} from the recycle bin`,
      parameters: [idParameter, ifMatchParameter],
      responses: { 200: record("The record as it is now.") },
      errors: [404, 409, 412],
    }),
  };
}

function withLocation(response: ResponseDoc): ResponseDoc {
  const location = { description: "Path of the new record.", schema: { type: "string" } };
  return { ...response, headers: { ...response.headers, Location: location } };
}

/** A parameter that is a list with commas between. */
function listParameter(name: string, description: string, words: readonly string[]): Parameter {
  return {
    name,
    in: "query",
    description,
    style: "form",
    explode: false,
    schema: { type: "array", items: { type: "string", enum: words } },
  };
}

function includeParameter(entity: EntityModel, entities: EntityModels): Parameter[] {
  const relations = [...entity.relations.values()]
    .filter((relation) => entities.get(relation.target)?.internal === false)
    .map((relation) => relation.name);
  return relations.length === 0 ? [] : [listParameter("include", "Relations to bring along.", relations)];
}

export function asOfParameter({ history }: EntityModel): Parameter[] {
  const { description = "", ...schema } = asOf;
  return history ? [{ name: "asOf", in: "query", description: description as string, schema }] : [];
}

const filterHelp = [
  "Conditions on fields, all of which must hold: `filter[name]=Ada`, `filter[createdAt][gte]=2026-01-01T00:00:00Z`,",
  "`filter[account.industry]=software` across relations. Lists are written `a,b`, money `1250.50 EUR`. Operators:",
  `${Object.entries(OPERATORS)
    .filter(([name]) => name !== "within")
    .map(([name, meaning]) => `\`${name}\` (${meaning})`)
    .join(", ")}.`,
].join(" ");

function listParameters(entity: EntityModel, entities: EntityModels): Parameter[] {
  return [
    ...selectParameters(entity),
    ...includeParameter(entity, entities),
    ...asOfParameter(entity),
    ...pageParameters,
  ];
}

/** Which records, in which order, with which fields. */
export function selectParameters(entity: EntityModel): Parameter[] {
  const fields = [...entity.fields.keys()];
  const sortable = [...entity.fields.values()].filter((field) => field.kind !== "json");
  const sorts = sortable.flatMap((field) => [field.name, `-${field.name}`]);
  return [
    {
      name: "filter",
      in: "query",
      description: filterHelp,
      style: "deepObject",
      explode: true,
      schema: { type: "object", additionalProperties: true },
    },
    listParameter("sort", "Order of the records: field names, `-` in front for descending.", sorts),
    listParameter("fields", "Fields to answer; all when left out.", fields),
    ...(entity.searchable.length > 0
      ? [
          {
            name: "search",
            in: "query",
            description: `Words that all must occur in ${entity.searchable.map((field) => field.name).join(", ")}.`,
            schema: { type: "string" },
          } as const,
        ]
      : []),
  ];
}

export const limitParameter: Parameter = {
  name: "limit",
  in: "query",
  schema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
};
export const afterParameter: Parameter = {
  name: "after",
  in: "query",
  description: "`page.next` of the page before.",
  schema: { type: "string" },
};
const pageParameters: readonly Parameter[] = [
  limitParameter,
  afterParameter,
  {
    name: "count",
    in: "query",
    description: "Also answer `page.total`.",
    schema: { type: "boolean", default: false },
  },
];

/** Components that the operations of entities share. */
export const querySchemas: Readonly<Record<string, JsonSchema>> = {
  "Corm.Query": queryBody,
  "Corm.AggregateQuery": aggregateBody,
};
