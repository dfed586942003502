import type { RouteDefinition } from "../../routes/define-route.js";
import { FORM_TYPE, JSON_TYPE } from "../body.js";
import { closedSchema } from "./action-operation.js";
import { exampleOf } from "./examples.js";
import type { Operation, Parameter } from "./operation.js";
import { toJsonSchema } from "./schemas.js";

/** What OpenAPI says of a route that a plugin declares itself. */
export function pluginOperation(route: RouteDefinition, owner: string): Operation {
  const example = route.body === null ? undefined : exampleOf(route.body, "text");
  const words = route.path.split("/").flatMap((segment) => segment.match(/\w+/g) ?? []);
  return {
    id: `${owner}.${[route.method.toLowerCase(), ...words].join("-")}`,
    tag: owner,
    summary: route.summary,
    parameters: [...route.path.matchAll(/:(\w+)/g)].map(
      ([, name = ""]): Parameter => ({ name, in: "path", required: true, schema: { type: "string" } }),
    ),
    ...(route.body === null
      ? {}
      : {
          body: {
            required: true,
            types: [JSON_TYPE, FORM_TYPE],
            schema: closedSchema(toJsonSchema(route.body)),
            ...(example === undefined ? {} : { example }),
          },
        }),
    responses: {
      // A route may tell 200 from 201 and 202, which its declaration does not.
      "2XX": {
        description: "What the route answers.",
        type: route.produces,
        schema: route.response === null ? {} : toJsonSchema(route.response),
      },
    },
    errors: [400, 404, ...(route.body === null ? [] : [413, 415, 422])],
  };
}
