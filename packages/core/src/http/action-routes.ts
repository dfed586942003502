import type { AnyAction } from "../actions/define-action.js";
import type { Repository } from "../context/repository.js";
import type { EntityModel } from "../model/entity-model.js";
import type { RecordValues } from "../model/record-codec.js";
import type { Composition } from "../plugin/compose.js";
import { kebabCase } from "../util/words.js";
import { JSON_TYPE, readBody } from "./body.js";
import { expectedVersion } from "./entity-routes.js";
import { actionOperation } from "./openapi/action-operation.js";
import type { HttpSettings } from "./options.js";
import { readParameters } from "./parameters.js";
import type { EntityModels } from "./public-query.js";
import { type Answer, describedLater, type HttpCall, type HttpRoute } from "./route.js";

/** Every action of the app: on a record, on a collection, or on nothing in particular. */
export function actionRoutes(
  composition: Composition,
  entities: EntityModels,
  settings: HttpSettings,
): HttpRoute[] {
  const routes: HttpRoute[] = [];
  for (const [name, { owner, value: action }] of composition.actions) {
    const entity = action.on === null ? undefined : entities.get(action.on);
    if (entity?.internal) continue;
    const route = {
      owner,
      method: "POST",
      path: actionPath(name, action, entity),
      access: "authenticated",
      once: action.definition.showsSecret ? "never" : "inside",
      policy: action.definition.permission,
      handle: (call: HttpCall) => run(call, action, entity, settings),
    } as const;
    routes.push(describedLater(route, () => actionOperation(name, action, entity, owner)));
  }
  return routes;
}

/** Where an action is served. */
export function actionPath(name: string, action: AnyAction, entity: EntityModel | undefined): string {
  const verb = kebabCase(action.name);
  if (!entity) return `/api/actions/${name.slice(0, name.lastIndexOf("."))}.${verb}`;
  return action.collection ? `/api/${entity.path}/${verb}` : `/api/${entity.path}/{id}/${verb}`;
}

async function run(
  call: HttpCall,
  action: AnyAction,
  entity: EntityModel | undefined,
  settings: HttpSettings,
): Promise<Answer> {
  readParameters(call.query, []);
  const input = (await readBody(call.request, [JSON_TYPE], settings.maxBody)) ?? {};
  const output = await call.session.run(action, input, await targetOf(call, action, entity, settings));
  return output === undefined ? { status: 204 } : { status: 200, body: output };
}

async function targetOf(
  call: HttpCall,
  action: AnyAction,
  entity: EntityModel | undefined,
  { etags, requireIfMatch }: HttpSettings,
) {
  if (action.collection || !entity) return undefined;
  const repository = call.session.repoOf(entity.name) as Repository<RecordValues, RecordValues>;
  // What only reads changes nothing that somebody else may have changed.
  const conditions = { etags, requireIfMatch: requireIfMatch && !action.definition.readOnly };
  const id = call.params["id"] as string;
  return { id, ...(await expectedVersion(call, entity, repository, conditions)) };
}
