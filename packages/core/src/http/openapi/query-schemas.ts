import type { JsonSchema } from "./operation.js";

const names = (description: string): JsonSchema => ({
  anyOf: [
    { type: "array", items: { type: "string" }, maxItems: 200 },
    { type: "string", maxLength: 4000 },
  ],
  description: `${description} A list, or names with commas between.`,
});
const filter: JsonSchema = {
  type: "object",
  description:
    'Fields with a value or operators, `and`, `or`, `not`, and relations: `{"stage": {"in": ["won", "lost"]}, "account": {"industry": "software"}}`. To-many relations take `some`, `none` or `every`.',
};

export const asOf: JsonSchema = {
  type: "string",
  format: "date-time",
  description: "Records as they stood at this instant. For entities that keep their states.",
};

/** Body of `POST /api/{plural}/query`. */
export const queryBody: JsonSchema = {
  type: "object",
  properties: {
    filter,
    where: { ...filter, description: "The same as `filter`, as aggregates call it." },
    search: { type: "string", description: "Words that all must occur in the searchable fields." },
    sort: names("Field names, `-` in front for descending."),
    include: names("Relations to bring along."),
    fields: names("Fields to answer; all when left out."),
    limit: { type: "integer", minimum: 1, maximum: 500, default: 50 },
    after: { type: ["string", "null"], description: "`page.next` of the page before." },
    count: { type: "boolean", default: false, description: "Also answer `page.total`." },
    asOf,
  },
  additionalProperties: false,
};

const measures = ["countDistinct", "sum", "avg", "min", "max"];

/** Body of `POST /api/{plural}/aggregate`. */
export const aggregateBody: JsonSchema = {
  type: "object",
  properties: {
    where: filter,
    groupBy: {
      type: "array",
      maxItems: 8,
      items: {
        anyOf: [
          { type: "string" },
          {
            type: "object",
            properties: {
              field: { type: "string" },
              bucket: { enum: ["hour", "day", "week", "month", "quarter", "year"] },
              timeZone: { type: "string", description: "IANA zone, for instants. Default UTC." },
              as: { type: "string", description: "Name in the answer. Default the field's." },
            },
            required: ["field"],
            additionalProperties: false,
          },
        ],
      },
    },
    measures: {
      type: "object",
      minProperties: 1,
      maxProperties: 50,
      description: 'By name: `{"revenue": {"sum": "amount"}, "n": {"count": true}}`.',
      additionalProperties: {
        type: "object",
        properties: {
          count: { const: true },
          ...Object.fromEntries(measures.map((name) => [name, { type: "string" }])),
          where: filter,
        },
        additionalProperties: false,
      },
    },
    having: {
      type: "object",
      description:
        'Conditions on measures: `{"revenue": {"gt": 1000}}`, with eq, ne, gt, gte, lt and lte. Each is compared with what it holds; a bare value means eq.',
      additionalProperties: { type: ["number", "string", "object"] },
    },
    orderBy: {
      type: "array",
      maxItems: 58,
      items: { type: "string" },
      description: "Names of groups or measures, `-` in front for descending.",
    },
    limit: { type: "integer", minimum: 1, maximum: 10_000, default: 1000 },
    asOf,
  },
  required: ["measures"],
  additionalProperties: false,
};
