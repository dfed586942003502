import { dataDictionary, dictionaryCsv } from "../transfer/data-dictionary.js";
import { InvalidParameter } from "./errors.js";
import { readParameters } from "./parameters.js";
import type { HttpRoute } from "./route.js";

const text = { type: "string" };
const flag = { type: "boolean" };
const properties = {
  entity: text,
  field: text,
  label: text,
  description: { type: ["string", "null"] },
  type: text,
  format: { type: ["string", "null"] },
  limits: { type: ["string", "null"] },
  required: flag,
  unique: flag,
  source: text,
  owner: text,
  update: text,
  sensitivity: { enum: ["normal", "sensitive", "secret"] },
  personal: flag,
  encrypted: flag,
};

/** What every field is, where it comes from, and how sensitive it is: as this caller may see it. */
export const dictionaryRoute: HttpRoute = {
  owner: "core",
  method: "GET",
  path: "/api/data-dictionary",
  access: "authenticated",
  policy: "authenticated",
  operation: {
    id: "dataDictionary",
    tag: "meta",
    summary: "The data dictionary: every field that the caller may see",
    description:
      "Type, format, limits, source, owner, update rule and sensitivity, made from what plugins declare.",
    parameters: [{ name: "format", in: "query", schema: { enum: ["json", "csv"], default: "json" } }],
    responses: {
      200: {
        description: "The fields, or a CSV file of them.",
        type: ["application/json", "text/csv"],
        schema: {
          anyOf: [
            {
              type: "object",
              properties: {
                data: {
                  type: "array",
                  items: { type: "object", properties, required: Object.keys(properties) },
                },
              },
              required: ["data"],
            },
            { type: "string" },
          ],
        },
      },
    },
    errors: [400],
  },
  handle: ({ session, query }) => {
    const format = readParameters(query, ["format"]).get("format") ?? "json";
    if (format !== "json" && format !== "csv")
      throw InvalidParameter({ parameter: "format", reason: "is one of json, csv" });
    const fields = dataDictionary(session);
    if (format === "json") return { status: 200, body: { data: fields } };
    return new Response(dictionaryCsv(fields), {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": `attachment; filename="data-dictionary.csv"`,
      },
    });
  },
};
