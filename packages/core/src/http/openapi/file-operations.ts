import type { EntityModel } from "../../model/entity-model.js";
import { idParameter } from "./entity-operations.js";
import type { Operation, Parameter } from "./operation.js";
import { componentName, ref } from "./schemas.js";

const required = (name: string, description: string, format?: string): Parameter => ({
  name,
  in: "query",
  required: true,
  description,
  schema: { type: "string", ...(format === undefined ? {} : { format }) },
});

export function uploadOperation(entity: EntityModel): Operation {
  return {
    id: `${entity.name}.upload`,
    tag: entity.label,
    summary: "Put a file on a record",
    description:
      "The body is the file, of whatever type, read as it comes. A path in its name is cut off, and its type is what its bytes say where they say anything.",
    parameters: [
      required("entity", "Name of the entity of the record, such as `contact`."),
      required("recordId", "The record.", "uuid"),
      required("name", "What the file is called."),
    ],
    body: { required: true, types: ["*/*"], schema: { type: "string", format: "binary" } },
    responses: {
      201: {
        description: "The attachment.",
        schema: ref(componentName(entity)),
        headers: {
          Location: { description: "Path of the attachment.", schema: { type: "string" } },
          ETag: { description: "Its version.", schema: { type: "string" } },
        },
      },
    },
    errors: [400, 403, 413, 415, 422, 503],
  };
}

export function downloadOperation(entity: EntityModel): Operation {
  return {
    id: `${entity.name}.content`,
    tag: entity.label,
    summary: "The bytes of a file",
    description: "Always as something to be saved, never to be shown.",
    parameters: [idParameter],
    responses: {
      200: { description: "The file.", type: "*/*", schema: { type: "string", format: "binary" } },
    },
    errors: [404, 410, 503],
  };
}
