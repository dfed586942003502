import { type Context, rolesOf, user } from "@corm/core";
import { AutomationRefused } from "../errors.js";
import type { Principal } from "./definition.js";

/** Whoever acts, with what he may do at this moment. */
export type PrincipalIdentity = Parameters<Context["actingAs"]>[0];

/**
 * In whose name an automation acts, with what he may do at this moment. In the transaction of `books`.
 *
 * @throws automation-refused where he may not act any more
 */
export async function principalIdentity(
  books: Context,
  key: string,
  principal: Principal,
): Promise<PrincipalIdentity> {
  if ("roles" in principal) {
    const unknown = principal.roles.find((name) => !books.catalog.roles.has(name));
    if (unknown !== undefined) throw AutomationRefused({ key, reason: `this app has no role "${unknown}"` });
    return { actor: { kind: "user", id: `automation:${key}` }, roles: principal.roles };
  }
  const { userId } = principal;
  const found = await books.repo(user).first({ where: { id: userId }, select: ["id", "active", "locale"] });
  if (!found?.active)
    throw AutomationRefused({ key, reason: "the user in whose name it acts is not active" });
  const roles = await rolesOf(books, userId);
  const { locale } = found;
  return { actor: { kind: "user", id: userId }, userId, roles, ...(locale ? { locale } : {}) };
}

/**
 * A session of his in the transaction of `books`.
 *
 * @param cause goes into the journal with whatever is written: `run:<id>`
 * @throws automation-refused
 */
export async function principalSession(
  books: Context,
  key: string,
  principal: Principal,
  cause?: string,
): Promise<Context> {
  return books.actingAs(await principalIdentity(books, key, principal), cause);
}
