import type { EntityModel } from "../model/entity-model.js";
import { readProfile } from "../repository/profile.js";
import { profileOperation } from "./openapi/profile-operation.js";
import type { HttpSettings } from "./options.js";
import { readParameters } from "./parameters.js";
import { limitOf } from "./parse-list-query.js";
import { describedLater, type HttpRoute } from "./route.js";

/** Everything around a record in one answer: for records around which something other than notes and files happens. */
export function profileRoutes(entity: EntityModel, settings: HttpSettings): HttpRoute[] {
  const { entities, timelines, profiles } = settings.crm.runtime.composition;
  const own = (timelines.get(entity.name) ?? []).some(
    (source) => !entities.get(source.entity)?.access.attached,
  );
  if (!own && !profiles.has(entity.name)) return [];
  return [
    describedLater(
      {
        owner: entity.owner,
        method: "GET",
        path: `/api/${entity.path}/{id}/profile`,
        access: "authenticated",
        policy: `${entity.name}:read`,
        handle: async ({ session, params, query }) => {
          const limit = limitOf(readParameters(query, ["limit"]).get("limit"));
          const options = limit === undefined ? {} : { limit };
          const view = session.entity(entity.name);
          return { status: 200, body: await readProfile(session, view, params["id"] as string, options) };
        },
      },
      () => profileOperation(entity),
    ),
  ];
}
