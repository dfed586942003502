import type { Context } from "../context/context.js";
import { Forbidden, NotFound } from "../errors/core-errors.js";
import { InvalidArgument } from "../errors/value-errors.js";
import type { EntityModel } from "../model/entity-model.js";
import { isId } from "../repository/parse-condition.js";
import { Session } from "../runtime/session.js";
import { always } from "../storage/filter.js";
import type { Person } from "./subject.js";

/** The session behind a context, of an actor who has the permission. @throws forbidden */
export function permitted(ctx: Context, permission: string): Session {
  if (!(ctx instanceof Session)) throw new TypeError("a session of a CRM is needed");
  if (!ctx.permits(permission))
    throw Forbidden({ reason: `This needs the permission "${permission}", which your roles do not have.` });
  return ctx;
}

/**
 * Whom the actor may not see, he may neither export nor erase, nor learn of. Whose record is gone, and who has an
 * address, is for those to know who may read all records of people.
 *
 * @throws not-found, forbidden
 */
export async function seen(session: Session, named: readonly Person[]): Promise<void> {
  const { personal } = session.runtime.composition;
  for (const one of named) {
    if ("address" in one) {
      if (typeof one.address !== "string" || one.address.trim() === "")
        throw InvalidArgument({
          argument: "address",
          reason: "it must be an e-mail address or phone number",
        });
      const hidden = [...personal.values()].find(
        ({ person, entity }) => person && !readsAll(session, entity),
      );
      if (hidden)
        throw Forbidden({
          reason: `To find a person by an address you must be able to read all records of "${hidden.entity.name}".`,
        });
      continue;
    }
    const { entity, id } = one;
    if (!isId(id)) throw NotFound({ entity, id: String(id).slice(0, 64) });
    // The system sees the recycle bin as well.
    const model = personal.get(entity);
    if (!model?.person || readsAll(session, model.entity)) continue;
    if (!(await session.can("read", { name: entity }, id))) throw NotFound({ entity, id });
  }
}

const readsAll = ({ access }: Session, entity: EntityModel): boolean =>
  access.has(entity.name, "read") && access.filter(entity, "read") === always;

export const asSystem = (session: Session, reason: string): Session =>
  session.asSystem({ capability: "core.privacy", reason }) as Session;
