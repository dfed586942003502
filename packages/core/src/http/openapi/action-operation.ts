import type { AnyAction } from "../../actions/define-action.js";
import type { EntityModel } from "../../model/entity-model.js";
import { JSON_TYPE } from "../body.js";
import { idParameter, ifMatchParameter } from "./entity-operations.js";
import { exampleOf } from "./examples.js";
import type { Operation } from "./operation.js";
import { isVoid, toJsonSchema } from "./schemas.js";

/** What OpenAPI says of the route of an action. */
export function actionOperation(
  name: string,
  action: AnyAction,
  entity: EntityModel | undefined,
  owner: string,
): Operation {
  const { definition, collection } = action;
  const { input, output, label, description, readOnly } = definition;
  const schema = toJsonSchema(input);
  const required = ((schema["required"] as readonly string[] | undefined) ?? []).length > 0;
  const example = exampleOf(input, label);
  return {
    id: name,
    tag: entity?.label ?? owner,
    summary: label,
    ...(description ? { description } : {}),
    ...(collection ? {} : { parameters: [idParameter, ifMatchParameter] }),
    body: {
      required,
      types: [JSON_TYPE],
      schema: closedSchema(schema),
      ...(example === undefined ? {} : { example }),
    },
    responses: isVoid(output)
      ? { 204: { description: "Done." } }
      : { 200: { description: "What the action answers.", schema: toJsonSchema(output) } },
    errors: collection
      ? [400, 409, 413, 415, 422]
      : [400, 404, ...(readOnly ? [] : [409]), 412, 413, 415, 422],
  };
}

/** Unknown properties of an input are refused unless its schema allows them. */
export function closedSchema(schema: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return schema["type"] === "object" && schema["additionalProperties"] === undefined
    ? { ...schema, additionalProperties: false }
    : schema;
}
