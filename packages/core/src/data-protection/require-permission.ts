import type { Context } from "../context/context.js";
import { Forbidden, NotFound } from "../errors/core-errors.js";
import { Session } from "../runtime/session.js";
import type { PersonRef } from "./subject.js";

/** What access control adds to sessions. */
interface Checked {
  permits?(permission: string): boolean;
  can?(right: "read", entity: { readonly name: string }, id: string): Promise<boolean>;
}

/** The session behind a context, of an actor who has the permission. @throws forbidden */
export function permitted(ctx: Context, permission: string): Session {
  if (!(ctx instanceof Session)) throw new TypeError("a session of a CRM is needed");
  if ((ctx as Checked).permits?.(permission) === false)
    throw Forbidden({ reason: `This needs the permission "${permission}", which your roles do not have.` });
  return ctx;
}

/** Whom the actor may not see, he may neither export nor erase, nor learn of. @throws not-found */
export async function seen(session: Session, named: readonly PersonRef[]): Promise<void> {
  for (const { entity, id } of named) {
    if (session.actor.kind === "system" || !session.runtime.composition.personal.get(entity)?.person)
      continue;
    const visible = await (session as Checked).can?.("read", { name: entity }, id);
    if (visible === false) throw NotFound({ entity, id });
  }
}

export const asSystem = (session: Session, reason: string): Session => session.asSystem(reason) as Session;
