import type { EntityModel } from "../../model/entity-model.js";
import { idParameter } from "./entity-operations.js";
import type { Operation } from "./operation.js";
import { componentName, ref } from "./schemas.js";

export function profileOperation(entity: EntityModel): Operation {
  const label = entity.label.toLowerCase();
  return {
    id: `${entity.name}.profile`,
    tag: entity.label,
    summary: `Everything around a ${label} in one answer`,
    description:
      "The record, the newest records of every kind that stands on its timeline, and what plugins add. What the caller may not see is left out.",
    parameters: [
      idParameter,
      {
        name: "limit",
        in: "query",
        description: "Records of each kind.",
        schema: { type: "integer", minimum: 1, maximum: 50, default: 10 },
      },
    ],
    responses: {
      200: {
        description: "The profile.",
        schema: {
          type: "object",
          properties: {
            record: ref(componentName(entity)),
            dimensions: {
              type: "object",
              description:
                "By the plural of the records: `{ more, items }`; and what plugins add by its name.",
              additionalProperties: true,
            },
            provenance: ref("Corm.Provenance"),
          },
          required: ["record", "dimensions"],
        },
      },
    },
    errors: [400, 404],
  };
}
