import type { Context } from "../../context/context.js";
import { type Credential, credential } from "../entities/credential.js";
import { type User, user } from "../entities/user.js";
import { NoLogin, PasswordRefused, SignInFailed } from "../errors.js";
import { isCommonPassword } from "./common-passwords.js";
import { consentAddress } from "./consents.js";
import { DEFAULT_COST, hashPassword, verifyPassword } from "./password-hash.js";
import { endSessions } from "./sessions.js";

/** What makes a password good enough. There are no rules about what it is made of: they make passwords alike. */
export interface PasswordRules {
  /** Least number of characters. Default 8; 15 where nothing else protects an account. */
  readonly minLength?: number;
  /** Binary logarithm of the work of one hash, 14 to 20. Default 17: 128 MiB, some 0.4 s. */
  readonly cost?: number;
  /** The host's own list, such as of passwords that were found in leaks. True refuses. */
  readonly isKnown?: (password: string) => boolean | Promise<boolean>;
}

export const MIN_LENGTH = 8;
export const MAX_LENGTH = 256;

/** The form in which addresses are compared when somebody signs in. */
export const loginOf = (email: string): string => consentAddress(email);

/** @throws password-refused */
export async function checkPassword(
  password: string,
  person: Pick<User, "name" | "email">,
  rules: PasswordRules,
  pointer = "/password",
): Promise<void> {
  const refuse = (reason: string) => PasswordRefused({ reason, pointer });
  const least = rules.minLength ?? MIN_LENGTH;
  const { length } = [...password.normalize("NFKC")];
  if (length < least) throw refuse(`needs at least ${least} characters`);
  if (length > MAX_LENGTH) throw refuse(`has more than ${MAX_LENGTH} characters`);
  if (isCommonPassword(password)) throw refuse("is one of those that are tried first: take another one");
  const own = [person.email ?? "", (person.email ?? "").split("@")[0] ?? "", person.name].map((text) =>
    consentAddress(text),
  );
  if (own.includes(consentAddress(password))) throw refuse("is the name or address of the account");
  if (await rules.isKnown?.(password)) throw refuse("is known from a leak: take another one");
}

/**
 * Gives a user a password, whoever he is: for the first administrator of an app, and for hosts with their own pages.
 * Ends his sessions.
 *
 * @throws password-refused; no-login for a user without an address; not-found
 */
export async function setPassword(
  ctx: Context,
  userId: string,
  password: string,
  rules: PasswordRules = {},
): Promise<void> {
  const system = ctx.asSystem({ capability: "core.credentials", reason: "set a password" });
  const person = await system.repo(user).get(userId);
  await checkPassword(password, person, rules);
  const hash = await hashPassword(password, rules.cost ?? DEFAULT_COST);
  await system.transaction(async (tx) => {
    await storePassword(tx, person, hash);
    await endSessions(tx, [userId]);
  });
}

/** Writes a hash that was made outside the transaction. */
export async function storePassword(tx: Context, person: User, hash: string): Promise<void> {
  const credentials = tx.repo(credential);
  const known = await makeCredential(tx, person);
  await credentials.update(known.id, { passwordHash: hash, changedAt: tx.now() });
}

/** The user's credential, without a password where it is new. */
export async function makeCredential(tx: Context, person: User): Promise<Credential> {
  const credentials = tx.repo(credential);
  const known = await credentials.first({ where: { userId: person.id } });
  if (known) return known;
  if (person.email === null) throw NoLogin({ id: person.id, reason: "has no e-mail address" });
  return credentials.create({ userId: person.id, login: loginOf(person.email), changedAt: tx.now() });
}

/**
 * The active user with this address and password. Takes as long for an address that nobody has.
 *
 * @throws sign-in-failed, hashing-busy
 */
export async function checkSignIn(
  ctx: Context,
  email: string,
  password: string,
  rules: PasswordRules = {},
): Promise<User> {
  const system = ctx.asSystem({ capability: "core.credentials", reason: "check a password" });
  const cost = rules.cost ?? DEFAULT_COST;
  const found = await system.repo(credential).first({ where: { login: loginOf(email) }, include: ["user"] });
  const { matches, outdated } = await verifyPassword(password, found?.passwordHash, cost);
  const person = found?.user;
  if (!found || !matches || !person?.active) throw SignInFailed({});
  if (outdated)
    await system.repo(credential).update(found.id, { passwordHash: await hashPassword(password, cost) });
  return person;
}
