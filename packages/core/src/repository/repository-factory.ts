import type { Repository } from "../context/repository.js";
import type { EntityModel } from "../model/entity-model.js";
import type { EntityValidator } from "../model/validate.js";
import type { Composition } from "../plugin/compose.js";
import type { Session } from "../runtime/session.js";
import { EntityRepository } from "./entity-repository.js";

/** Makes repositories for the sessions of one CRM; what does not depend on the session is prepared here. */
export function repositoryFactory(
  composition: Composition,
): (session: Session, entity: EntityModel) => Repository<unknown, unknown> {
  const prepared = new Map<
    EntityModel,
    { readonly Repository: typeof EntityRepository; readonly validator: EntityValidator }
  >();
  const all = [...composition.actions.values()].map(({ value }) => value);
  for (const entity of composition.entities.values()) {
    const validator = composition.validators.get(entity.name);
    if (!validator) throw new Error(`no validator was compiled for ${entity.name}`);
    const actions = all.filter((action) => action.on === entity.name);
    prepared.set(entity, { Repository: EntityRepository.withActions(actions), validator });
  }
  return (session, entity) => {
    const found = prepared.get(entity.full);
    if (!found) throw new Error(`the entity ${entity.name} is not of this CRM`);
    const repository = new found.Repository(session, entity, found.validator);
    return repository as unknown as Repository<unknown, unknown>;
  };
}
