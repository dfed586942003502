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
      const found = await firstTimer(tx, person, firstTime);
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

/** Whom a person is known as; undefined where that user may not sign in, or is in the recycle bin. */
async function knownUser(system: Context, { issuer, subject }: Person): Promise<User | undefined | "nobody"> {
  const where = { issuer, subject };
  const found = await system.repo(userIdentity).first({ where, include: ["user"] });
  if (found) return found.user?.active ? found.user : undefined;
  const binned = await system.repo(userIdentity).first({ where, withDeleted: true });
  return binned ? undefined : "nobody";
}

/** The user of a person who comes for the first time. Nobody is made beside a user whose address it is. */
async function firstTimer(tx: Context, person: Person, firstTime: FirstTime): Promise<User | undefined> {
  const owner = person.email === undefined ? "nobody" : await userOfAddress(tx, person.email);
  if (owner !== "nobody") return firstTime.linkByEmail && person.emailVerified ? owner : undefined;
  const wanted = firstTime.provision?.() ?? null;
  if (!wanted) return undefined;
  const taken = wanted.email !== undefined && (await userOfAddress(tx, wanted.email)) !== "nobody";
  return taken ? undefined : provisioned(tx, wanted);
}

/** Users of one address that are looked at: there is one, or something is wrong. */
const FEW = 20;

/**
 * Whose address it is, however it is written; undefined where its user may not sign in, or where there are several: one of
 * them has made it his.
 */
async function userOfAddress(tx: Context, email: string): Promise<User | undefined | "nobody"> {
  const login = loginOf(email);
  const { items, next } = await tx.repo(user).find({
    where: { email: { contains: login } },
    withDeleted: true,
    limit: FEW,
  });
  const owners = new Map(
    items.filter((row) => row.email !== null && loginOf(row.email) === login).map((row) => [row.id, row]),
  );
  const byLogin = await tx.repo(credential).first({ where: { login }, include: ["user"] });
  if (byLogin?.user) owners.set(byLogin.user.id, byLogin.user);
  const [only, other] = owners.values();
  if (next !== null || other) return undefined;
  if (!only) return "nobody";
  return only.active && only.deletedAt === null ? only : undefined;
}

async function provisioned(tx: Context, wanted: NewUser): Promise<User> {
  const { name, email, roles = [] } = wanted;
  const made = await tx.repo(user).create({ name, ...(email === undefined ? {} : { email }) });
  if (roles.length > 0)
    await tx.repo(roleAssignment).createMany([...new Set(roles)].map((role) => ({ userId: made.id, role })));
  return made;
}
