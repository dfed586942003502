import { type Context, rolesOf, user } from "@corm/core";
import { AutomationRefused } from "../errors.js";
import type { Principal } from "./definition.js";

/**
 * A session in the name of whom an automation acts, with what he may do at this moment. In the transaction of `books`.
 *
 * @param cause goes into the journal with whatever is written: `run:<id>`
 * @throws automation-refused where he may not act any more
 */
export async function principalSession(
  books: Context,
  key: string,
  principal: Principal,
  cause?: string,
): Promise<Context> {
  if ("roles" in principal) {
    const unknown = principal.roles.find((name) => !books.catalog.roles.has(name));
    if (unknown !== undefined) throw AutomationRefused({ key, reason: `this app has no role "${unknown}"` });
    return books.actingAs(
      { actor: { kind: "user", id: `automation:${key}` }, roles: principal.roles },
      cause,
    );
  }
  const { userId } = principal;
  const found = await books.repo(user).first({ where: { id: userId }, select: ["id", "active", "locale"] });
  if (!found?.active)
    throw AutomationRefused({ key, reason: "the user in whose name it acts is not active" });
  const roles = await rolesOf(books, userId);
  const { locale } = found;
  return books.actingAs(
    { actor: { kind: "user", id: userId }, userId, roles, ...(locale ? { locale } : {}) },
    cause,
  );
}
