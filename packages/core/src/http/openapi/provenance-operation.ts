import type { EntityModel } from "../../model/entity-model.js";
import { idParameter } from "./entity-operations.js";
import type { JsonSchema, Operation } from "./operation.js";
import { ref } from "./schemas.js";

export function provenanceOperation(entity: EntityModel): Operation {
  return {
    id: `${entity.name}.provenance`,
    tag: entity.label,
    summary: `Where the values of a ${entity.label.toLowerCase()} are from`,
    description:
      "By field, of those that the caller may see. A write says it by the headers `Corm-Source`, `Corm-Reference` and `Corm-Confidence`. Also of a record in the recycle bin.",
    parameters: [idParameter],
    responses: { 200: { description: "By field.", schema: ref("Corm.Provenance") } },
    errors: [400, 404],
  };
}

const text = { type: ["string", "null"] };

export const provenanceSchemas: Readonly<Record<string, JsonSchema>> = {
  "Corm.Provenance": {
    type: "object",
    additionalProperties: {
      type: "object",
      properties: {
        source: { type: "string", description: "What the writer named, or what core knows by itself." },
        reference: { ...text, description: "Of the source: an import, a form, a message." },
        confidence: { type: ["number", "null"], minimum: 0, maximum: 1 },
        at: { type: "string", format: "date-time" },
        actor: {
          type: "object",
          properties: { kind: { type: "string" }, id: text, userId: text },
          required: ["kind", "id", "userId"],
        },
        cause: {
          type: "array",
          items: { type: "string" },
          description: "Operations around the write, outermost first.",
        },
      },
      required: ["source", "reference", "confidence", "at", "actor", "cause"],
    },
  },
};
