import type { EntityModel } from "../model/entity-model.js";
import type { HttpSettings } from "./options.js";
import { OPERATORS } from "./public-query.js";
import type { HttpRoute } from "./route.js";

/** Routes that every entity has: told once, and not for each. */
const GENERATED = [
  "find",
  "create",
  "query",
  "aggregate",
  "batch",
  "get",
  "update",
  "delete",
  "restore",
  "export",
  "import",
  "timeline",
];

/** The API in a page of plain text: how to call it, the entities with their fields, every other route. */
export function llmsText(routes: readonly HttpRoute[], settings: HttpSettings, prefix: string): string {
  const { entities } = settings.crm.runtime.composition;
  const served = [...entities.values()].filter((entity) => !entity.internal);
  const generated = new Set(GENERATED);
  const others = routes.filter((route) => !generated.has(route.operation.id.split(".")[1] ?? ""));
  return [
    `# ${settings.title}`,
    "",
    `> The HTTP API of a CRM. OpenAPI 3.1: ${prefix}/openapi.json`,
    "",
    "## How to call it",
    "- Send `Authorization: Bearer <API key>` to everything below /api/.",
    `- List: GET ${prefix}/api/{plural}?filter[field]=value&filter[field][operator]=value&sort=-field&include=relation&fields=a,b&limit=50&after=cursor&search=words&count=true`,
    '- Answer of a list: {"data": [...], "page": {"next": cursor or null, "limit": 50}}. Pass `next` as `after` for the next page.',
    `- Operators: ${Object.keys(OPERATORS).join(", ")}. Across relations: filter[account.industry]=software.`,
    "- POST /api/{plural} creates; GET, PATCH (merge patch; null clears) and DELETE /api/{plural}/{id}; POST /api/{plural}/{id}/restore.",
    '- POST /api/{plural}/query takes {"filter", "sort", "include", "fields", "limit", "after", "search", "count"} as JSON, with `and`, `or`, `not`.',
    '- POST /api/{plural}/aggregate takes {"where", "groupBy": ["field", {"field", "bucket": "month"}], "measures": {"name": {"sum": "field"}}}.',
    "- GET /api/{plural}/export?format=csv (or ndjson) answers all records of a list as a stream; it takes filter, sort, fields and search.",
    "- GET /api/{plural}/{id}/timeline: what happened around a record, newest first.",
    "- POST /api/{plural}/import takes a CSV (text/csv) or NDJSON (application/x-ndjson) file and answers 202 with a job: GET /api/imports/{id}, GET /api/imports/{id}/errors.",
    '- POST /api/{plural}/batch takes {"atomic": true, "operations": [{"op": "create", "data"}, {"op": "update", "id", "data", "version"}, {"op": "delete", "id", "version"}]}, up to 1,000.',
    '- Ids are UUIDs, instants RFC 3339 in UTC, dates YYYY-MM-DD, money {"amount": "12.50", "currency": "EUR"}.',
    "- Send the `ETag` of a record as `If-Match` when changing it: 412 means that it has changed meanwhile.",
    "- Send an `Idempotency-Key` (a UUID made once for each thing to be done) with a POST that may be repeated: it is done once.",
    "- Errors are problem documents (RFC 9457) with a stable `code`; `errors` points at wrong values.",
    "",
    "## Records",
    ...served.flatMap((entity) => entityLines(entity, prefix)),
    "",
    "## Other routes",
    ...others.map(({ method, path, access, operation }) => {
      const open = access === "open" ? " (no credential)" : "";
      return `- ${method} ${prefix}${path}${takes(operation.body?.schema)}: ${operation.summary}${open}`;
    }),
    "",
  ].join("\n");
}

/** ` {"reason", "note"?}`: what a body holds, by name. */
function takes(schema: Readonly<Record<string, unknown>> | undefined): string {
  const names = Object.keys((schema?.["properties"] as object | undefined) ?? {});
  if (names.length === 0) return "";
  const required = (schema?.["required"] as readonly string[] | undefined) ?? [];
  return ` {${names.map((name) => `"${name}"${required.includes(name) ? "" : "?"}`).join(", ")}}`;
}

function entityLines(entity: EntityModel, prefix: string): string[] {
  const fields = entity.inputFields.map((field) => {
    const optional = field.optional || field.filled || field.default !== undefined ? "?" : "";
    return `${field.name}${optional}: ${field.target ? `id of ${field.target}` : field.kind}`;
  });
  const relations = [...entity.relations.keys()];
  return [
    `- ${entity.label}: ${prefix}/api/${entity.path} (${fields.join(", ")})${relations.length > 0 ? `; relations: ${relations.join(", ")}` : ""}`,
  ];
}
