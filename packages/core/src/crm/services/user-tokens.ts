import type { Context } from "../../context/context.js";
import { toInstant } from "../../util/clock.js";
import { randomToken, sha256Hex } from "../../util/hash.js";
import { credential, type UserToken, userToken } from "../entities/credential.js";
import { type User, user } from "../entities/user.js";
import { AlreadyInvited, InvalidToken, NoLogin, NoMessages } from "../errors.js";
import { type AccountMessage, accountMessages } from "./account-messages.js";
import { hashPassword } from "./password-hash.js";
import { checkPassword, loginOf, makeCredential, type PasswordRules, storePassword } from "./passwords.js";
import { endSessions } from "./sessions.js";

type Purpose = UserToken["purpose"];

const RESET_SECONDS = 3600;
const INVITATION_SECONDS = 7 * 86_400;
const TOKEN = /^([\w.-]{1,64})\.([\w-]{43})$/;

/**
 * Invites a user to choose a password. Sent by the app's `accountMessages`, after the commit; an invitation that was
 * sent before stops to hold.
 *
 * @throws no-login without an address or for a user who is not active; already-has-password; no-account-messages where the app
 * has nothing that sends it
 */
export async function inviteUser(
  ctx: Context,
  userId: string,
  { seconds = INVITATION_SECONDS }: { readonly seconds?: number } = {},
): Promise<{ readonly expiresAt: string }> {
  const system = ctx.asSystem({ capability: "core.credentials", reason: "invite a user" });
  const messages = system.optional(accountMessages);
  if (!messages) throw NoMessages({});
  const message = await system.transaction(async (tx) => {
    const person = await tx.repo(user).get(userId);
    if (!person.active) throw NoLogin({ id: userId, reason: "is not active" });
    const { passwordHash } = await makeCredential(tx, person);
    if (passwordHash !== null) throw AlreadyInvited({ id: userId });
    return issueToken(tx, person, "invitation", seconds);
  });
  await messages.send(message);
  return { expiresAt: message.expiresAt };
}

/** Sends a link for a new password to the user of an address, where there is one who may sign in. */
export async function requestReset(
  ctx: Context,
  email: string,
  { seconds = RESET_SECONDS }: { readonly seconds?: number } = {},
): Promise<void> {
  const system = ctx.asSystem({ capability: "core.credentials", reason: "reset a password" });
  const found = await system
    .repo(credential)
    .first({ where: { login: loginOf(email), user: { active: true } }, include: ["user"] });
  const person = found?.user;
  // Who was invited and has not accepted has no password to reset.
  if (!person || found.passwordHash === null) return;
  const message = await system.transaction((tx) => issueToken(tx, person, "reset", seconds));
  await system.service(accountMessages).send(message);
}

async function issueToken(
  tx: Context,
  person: User,
  purpose: Purpose,
  seconds: number,
): Promise<AccountMessage> {
  const { id, name, email, locale } = person;
  if (email === null) throw NoLogin({ id, reason: "has no e-mail address" });
  const tokens = tx.repo(userToken);
  // The latest link is the one that holds.
  await tokens.updateWhere({ userId: id, usedAt: null }, { usedAt: tx.now() });
  const token = `${tx.tenant}.${randomToken(32)}`;
  const expiresAt = toInstant(tx.clock.now() + seconds * 1000);
  await tokens.create({ userId: id, purpose, hash: hashOf(purpose, token), expiresAt });
  return { kind: purpose, tenant: tx.tenant, user: { id, name, email, locale }, token, expiresAt };
}

/** The tenant that a token names. Nothing is checked yet. */
export function userTokenTenant(token: unknown): string | undefined {
  return typeof token === "string" ? TOKEN.exec(token)?.[1] : undefined;
}

/**
 * Sets the password of whom the token was sent to, once, and ends his sessions.
 *
 * @throws invalid-token, password-refused, hashing-busy; nothing is changed, and the token still holds
 */
export async function redeemToken(
  ctx: Context,
  purpose: Purpose,
  token: string,
  password: string,
  rules: PasswordRules = {},
): Promise<User> {
  const system = ctx.asSystem({ capability: "core.credentials", reason: `redeem a token: ${purpose}` });
  const hash = hashOf(purpose, token);
  // Hashing takes long, and a transaction must not: looked at before, and again under a lock.
  const { person } = await validToken(system, hash);
  await checkPassword(password, person, rules);
  const passwordHash = await hashPassword(password, rules.cost);
  return system.transaction(async (tx) => {
    const { person: now, id } = await validToken(tx, hash);
    const tokens = tx.repo(userToken);
    const locked = await tokens.get(id, { lock: true });
    if (locked.usedAt !== null) throw InvalidToken({});
    await tokens.update(id, { usedAt: tx.now() }, { version: locked.version });
    await storePassword(tx, now, passwordHash);
    await endSessions(tx, [now.id]);
    return now;
  });
}

async function validToken(
  ctx: Context,
  hash: string,
): Promise<{ readonly id: string; readonly person: User }> {
  const found = await ctx.repo(userToken).first({ where: { hash, usedAt: null }, include: ["user"] });
  if (!found?.user?.active || found.expiresAt <= ctx.now()) throw InvalidToken({});
  return { id: found.id, person: found.user };
}

/** A token of one purpose is none of another, and the tenant is part of it. */
function hashOf(purpose: Purpose, token: string): string {
  return sha256Hex(`${purpose}\n${token}`);
}
