import type { Context } from "../../context/context.js";
import { UniqueViolation } from "../../errors/storage-errors.js";
import { credential } from "../entities/credential.js";
import { roleAssignment } from "../entities/role.js";
import { type User, user } from "../entities/user.js";
import { userIdentity } from "../entities/user-identity.js";
import { loginOf } from "./passwords.js";

/** A person for whom a provider of sign-in vouches. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
  readonly email?: string | undefined;
  readonly emailVerified: boolean;
}

export interface NewUser {
  readonly name: string;
  readonly email?: string | undefined;
  readonly roles?: readonly string[] | undefined;
}

/** What to do about a person who is not known yet. */
export interface FirstTime {
  /** He is the user of his verified address. */
  readonly linkByEmail: boolean;
  /** He becomes this user. */
  readonly provision: (() => NewUser | null) | undefined;
}

/** Longest key of a person that the protocol allows. */
const MAX_KEY = 255;

/**
 * The active user that a person is, found by issuer and subject alone once he is known. Undefined where there is none, or
 * where it cannot be told that he is the user of his address.
 */
export async function userOfPerson(
  ctx: Context,
  person: Person,
  firstTime: FirstTime,
): Promise<User | undefined> {
  if (person.issuer.length > MAX_KEY || person.subject.length > MAX_KEY || person.subject === "")
    return undefined;
  const system = ctx.asSystem({ capability: "core.credentials", reason: "sign in by a provider" });
  const known = await knownUser(system, person);
  if (known !== "nobody") return known;
  try {
    return await system.transaction(async (tx) => {
      const owner = firstTime.linkByEmail ? await userOfAddress(tx, person) : undefined;
      const found = owner ?? (await provisioned(tx, firstTime.provision?.() ?? null));
      if (!found) return undefined;
      const { issuer, subject } = person;
      await tx.repo(userIdentity).create({ userId: found.id, issuer, subject, linkedAt: tx.now() });
      return found;
    });
  } catch (error) {
    if (!UniqueViolation.is(error)) throw error;
    // Another request has linked him meanwhile; or the address is taken, or its user is somebody else of this issuer.
    const now = await knownUser(system, person);
    return now === "nobody" ? undefined : now;
  }
}

/** Whom a person is known as; undefined where that user may not sign in. */
async function knownUser(system: Context, { issuer, subject }: Person): Promise<User | undefined | "nobody"> {
  const found = await system.repo(userIdentity).first({ where: { issuer, subject }, include: ["user"] });
  if (!found) return "nobody";
  return found.user?.active ? found.user : undefined;
}

/** The one active user of a verified address, as he signs in with it or as it is written in his record. */
async function userOfAddress(tx: Context, { email, emailVerified }: Person): Promise<User | undefined> {
  if (!emailVerified || email === undefined) return undefined;
  const byLogin = await tx.repo(credential).first({ where: { login: loginOf(email) }, include: ["user"] });
  if (byLogin) return byLogin.user?.active ? byLogin.user : undefined;
  const { items } = await tx
    .repo(user)
    .find({ where: { email: { in: [...new Set([email, loginOf(email)])] } }, limit: 2 });
  const [only, other] = items;
  return only?.active && !other ? only : undefined;
}

async function provisioned(tx: Context, wanted: NewUser | null): Promise<User | undefined> {
  if (!wanted) return undefined;
  const { name, email, roles = [] } = wanted;
  const made = await tx.repo(user).create({ name, ...(email === undefined ? {} : { email }) });
  if (roles.length > 0)
    await tx.repo(roleAssignment).createMany([...new Set(roles)].map((role) => ({ userId: made.id, role })));
  return made;
}
