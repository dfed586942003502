import type { AnyAction } from "../actions/define-action.js";
import type { Repository } from "../context/repository.js";
import type { Session } from "./session.js";

export type AppEntities = Record<string, Repository<unknown, unknown>>;

/** `session.entities`: repositories by name, each with the actions on its entity as methods; made when first used. */
export function appEntities(session: Session): AppEntities {
  const { composition } = session.runtime;
  const entities = {} as AppEntities;
  for (const name of composition.entities.keys()) {
    let made: Repository<unknown, unknown> | undefined;
    Object.defineProperty(entities, name, {
      enumerable: true,
      get: () => {
        made ??= withActions(session, name);
        return made;
      },
    });
  }
  return entities;
}

function withActions(session: Session, name: string): Repository<unknown, unknown> {
  const repository = session.repoOf(name);
  const methods: Record<string, unknown> = {};
  for (const { value } of session.runtime.composition.actions.values()) {
    if (value.on === name) methods[value.name] = actionMethod(session, value);
  }
  return Object.assign({}, repository, methods);
}

function actionMethod(session: Session, action: AnyAction): unknown {
  if (action.collection) return (input: unknown) => session.run(action, input ?? {});
  return (id: string, input: unknown, options: { readonly version?: number } = {}) =>
    session.run(action, input ?? {}, { id, ...options });
}
