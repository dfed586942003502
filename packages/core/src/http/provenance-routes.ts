import type { EntityModel } from "../model/entity-model.js";
import { provenanceOperation } from "./openapi/provenance-operation.js";
import type { HttpSettings } from "./options.js";
import { readParameters } from "./parameters.js";
import type { HttpRoute } from "./route.js";

/** Where the values of a record are from: for entities of which the app asks that. */
export function provenanceRoutes(entity: EntityModel, { crm }: HttpSettings): HttpRoute[] {
  if (!crm.runtime.provenance.has(entity.name)) return [];
  return [
    {
      owner: entity.owner,
      method: "GET",
      path: `/api/${entity.path}/{id}/provenance`,
      access: "authenticated",
      policy: `${entity.name}:read`,
      operation: provenanceOperation(entity),
      handle: async ({ session, params, query }) => {
        readParameters(query, []);
        return { status: 200, body: await session.repoOf(entity.name).provenance(params["id"] as string) };
      },
    },
  ];
}
