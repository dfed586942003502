import type { Context } from "../context/context.js";
import { Forbidden, NotFound } from "../errors/core-errors.js";
import { isId } from "../repository/parse-condition.js";
import { Session } from "../runtime/session.js";
import type { PersonRef } from "./subject.js";

/** The session behind a context, of an actor who has the permission. @throws forbidden */
export function permitted(ctx: Context, permission: string): Session {
  if (!(ctx instanceof Session)) throw new TypeError("a session of a CRM is needed");
  if (!ctx.permits(permission))
    throw Forbidden({ reason: `This needs the permission "${permission}", which your roles do not have.` });
  return ctx;
}

/** Whom the actor may not see, he may neither export nor erase, nor learn of. @throws not-found */
export async function seen(session: Session, named: readonly PersonRef[]): Promise<void> {
  for (const { entity, id } of named) {
    if (!isId(id)) throw NotFound({ entity, id: String(id).slice(0, 64) });
    // The system sees the recycle bin as well.
    if (session.access.isSystem || !session.runtime.composition.personal.get(entity)?.person) continue;
    if (!(await session.can("read", { name: entity }, id))) throw NotFound({ entity, id });
  }
}

export const asSystem = (session: Session, reason: string): Session =>
  session.asSystem({ capability: "core.privacy", reason }) as Session;
