import type { AnyAction } from "../actions/define-action.js";
import type { EntityModel } from "../model/entity-model.js";
import { claim, type Owned } from "./claim.js";
import type { AnyPlugin } from "./plugin.js";

const NAME = /^[a-z][a-zA-Z0-9]{0,47}$/;
const repositoryMethods = new Set(
  "create createMany get find first stream count aggregate update updateMany updateWhere upsertMany delete deleteMany restore history streamHistory streamTimeline purge purgeMany".split(
    " ",
  ),
);
/** Path segments below `/api/{plural}` that core serves itself. */
const reservedSegments = new Set([
  "query",
  "aggregate",
  "batch",
  "import",
  "export",
  "restore",
  "history",
  "timeline",
]);

/** All actions by full name, and what is wrong with them. */
export function composeActions(
  order: readonly AnyPlugin[],
  entities: ReadonlyMap<string, EntityModel>,
  problems: string[],
): Map<string, Owned<AnyAction>> {
  const actions = new Map<string, Owned<AnyAction>>();
  for (const plugin of order) {
    for (const action of Object.values(plugin.parts.actions ?? {})) {
      const full = `${action.on ?? plugin.name}.${action.name}`;
      claim(actions, full, plugin.name, action, "action", problems);
      if (action.on !== null && !entities.has(action.on)) {
        problems.push(
          `plugin "${plugin.name}": action "${full}" is on the entity "${action.on}", which no plugin declares`,
        );
      }
      if (!NAME.test(action.name)) {
        problems.push(
          `plugin "${plugin.name}": action "${full}" must have a camelCase name of at most 48 letters and digits`,
        );
      }
      const onEntity = action.on !== null;
      if (onEntity && (repositoryMethods.has(action.name) || reservedSegments.has(action.name))) {
        problems.push(
          `plugin "${plugin.name}": action "${full}" has the name of a built-in operation: choose another verb`,
        );
      }
    }
  }
  return actions;
}
