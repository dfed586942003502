import type { Context, Identity } from "../../context/context.js";
import { NotFound } from "../../errors/core-errors.js";
import type { CrmHandle } from "../../plugin/crm-handle.js";
import type { Session } from "../../runtime/session.js";
import { type Awaitable, andThen } from "../../util/awaitable.js";
import { toInstant } from "../../util/clock.js";
import { randomToken, sha256Hex } from "../../util/hash.js";
import { type UserSession, userSession } from "../entities/credential.js";
import { user } from "../entities/user.js";
import { NoLogin } from "../errors.js";
import type { CheckedCredentials, FoundCredential } from "./checked-credentials.js";
import { answerTo, standingQuestion } from "./evidence.js";
import { grantsOf, rolesOf } from "./roles-of.js";

export interface SessionLifetime {
  /** A session that nobody used for so long is over. Default 8 hours. */
  readonly idleSeconds?: number;
  /** And so is one that began so long ago. Default 7 days. */
  readonly absoluteSeconds?: number;
}

export const DEFAULT_IDLE = 8 * 3600;
export const DEFAULT_ABSOLUTE = 7 * 86_400;

const TOKEN = /^([\w.-]{1,64})\.([\w-]{43})$/;
/** Sessions of one user that count at once; the oldest go first. */
const MAX_SESSIONS = 50;
/** Old sessions of a user that one sign-in removes: more than it makes. */
const SWEPT = 5;
const KEPT_DAYS = 90;

export interface StartedSession {
  readonly token: string;
  readonly record: UserSession;
}

/** Begins a session. Its token opens everything that the user may do: it goes into the cookie and nowhere else. */
export async function startSession(
  ctx: Context,
  userId: string,
  options: SessionLifetime & {
    /** How the user has proved who he is: `password`, `oidc`. */
    readonly method: string;
    readonly address?: string | undefined;
    readonly userAgent?: string | undefined;
    /** Of the provider that vouched for him; see `UserSession.providerHint`. */
    readonly providerHint?: string | undefined;
  },
): Promise<StartedSession> {
  const token = `${ctx.tenant}.${randomToken(32)}`;
  const now = ctx.clock.now();
  const record = await ctx
    .asSystem({ capability: "core.credentials", reason: "begin a session" })
    .transaction(async (tx) => {
      const sessions = tx.repo(userSession);
      await sweep(tx, userId);
      return sessions.create({
        userId,
        hash: sha256Hex(token),
        method: options.method,
        signedInAt: toInstant(now),
        lastSeenAt: toInstant(now),
        expiresAt: toInstant(now + (options.absoluteSeconds ?? DEFAULT_ABSOLUTE) * 1000),
        ...(options.address ? { address: options.address.slice(0, 64) } : {}),
        ...(options.userAgent ? { userAgent: options.userAgent.slice(0, 300) } : {}),
        ...(options.providerHint === undefined ? {} : { providerHint: options.providerHint }),
      });
    });
  return { token, record };
}

/** The tenant that a session's token names. Nothing is checked yet. */
export function sessionTenant(token: string): string | undefined {
  return TOKEN.exec(token)?.[1];
}

/**
 * The session of a token whose user may act now: one read by an index that also asks whether he is active, so that a
 * suspension counts from the next request on.
 */
export async function findSession(
  ctx: Context,
  token: string,
  lifetime: SessionLifetime = {},
): Promise<UserSession | undefined> {
  if (sessionTenant(token) !== ctx.tenant) return undefined;
  const found = await ctx
    .asSystem({ capability: "core.credentials", reason: "check a session" })
    .repo(userSession)
    .first({ where: { hash: sha256Hex(token), endedAt: null, user: { active: true } } });
  if (!found || found.expiresAt <= ctx.now()) return undefined;
  return isIdle(ctx, found.lastSeenAt, lifetime) ? undefined : found;
}

/** Who sends a token: the user of its session as he is now, or undefined where the session does not hold. */
export function identityOfToken(
  session: Session,
  token: string,
  lifetime: SessionLifetime,
  checked: CheckedCredentials,
): Awaitable<FoundCredential | undefined> {
  const digest = sha256Hex(token);
  return andThen(checked.find(session, digest), (found) => {
    if (!found) return readIdentity(session, token, digest, lifetime, checked);
    return isIdle(session, found.seen, lifetime) ? undefined : found;
  });
}

async function readIdentity(
  session: Session,
  token: string,
  digest: string,
  lifetime: SessionLifetime,
  checked: CheckedCredentials,
): Promise<FoundCredential | undefined> {
  const record = await findSession(session, token, lifetime);
  if (!record) return undefined;
  const { id, userId, lastSeenAt, expiresAt } = record;
  const owner = await session.repo(user).first({ where: { id: userId, active: true } });
  if (!owner) return undefined;
  const { roles, evidence } = await grantsOf(session, userId);
  const question =
    evidence &&
    standingQuestion(session, "userSession", "lastSeenAt", { credential: record, user: owner, ...evidence });
  const held = { roles };
  const identity: Identity = {
    ...held,
    actor: { kind: "user", id: userId },
    tenant: session.tenant,
    userId,
    revalidate: async (at) => {
      if (question && (await answerTo(question, at as Session))) return held;
      const live = await at
        .asSystem({ capability: "core.credentials", reason: "check a session" })
        .repo(userSession)
        .first({ where: { id, endedAt: null, user: { active: true } }, select: ["id"] });
      return live && { roles: await rolesOf(at, userId) };
    },
  };
  if (question) checked.keep(session, digest, { id, identity, question, until: Date.parse(expiresAt) });
  return { id, identity, seen: lastSeenAt };
}

/** Whether nobody has used the session for too long. */
function isIdle(ctx: Context, seen: string | null, { idleSeconds = DEFAULT_IDLE }: SessionLifetime): boolean {
  return (seen ?? "") <= toInstant(ctx.clock.now() - idleSeconds * 1000);
}

/**
 * A user's identity with the roles that are assigned to him, for code that works in his name without a request: jobs,
 * a desktop app, a host with its own sign-in.
 *
 * @throws not-found; no-login where the user is not active
 */
export async function identityOfUser(
  crm: Pick<CrmHandle, "system">,
  { tenant, userId }: { readonly tenant: string; readonly userId: string },
): Promise<Identity> {
  const system = crm.system({ tenant, capability: "core.credentials", reason: "identity of a user" });
  const { active, locale } = await system.repo(user).get(userId);
  if (!active) throw NoLogin({ id: userId, reason: "is not active" });
  const roles = await rolesOf(system, userId);
  return { actor: { kind: "user", id: userId }, tenant, userId, roles, ...(locale ? { locale } : {}) };
}

/** A user's sessions that are not over, the latest first. */
export async function listSessions(ctx: Context, userId: string): Promise<readonly UserSession[]> {
  const { items } = await ctx
    .asSystem({ capability: "core.credentials", reason: "list sessions" })
    .repo(userSession)
    .find({
      where: { userId, endedAt: null, expiresAt: { gt: ctx.now() } },
      orderBy: ["-expiresAt", "-id"],
      limit: MAX_SESSIONS,
    });
  return items;
}

/** @throws not-found, also for somebody else's */
export async function endSession(ctx: Context, userId: string, id: string): Promise<void> {
  const count = await ctx
    .asSystem({ capability: "core.credentials", reason: "end a session" })
    .repo(userSession)
    .updateWhere({ id, userId, endedAt: null }, { endedAt: ctx.now() });
  if (count === 0) throw NotFound({ entity: "userSession", id });
}

/** Ends all sessions of users, but for one. */
export async function endSessions(ctx: Context, userIds: readonly string[], except?: string): Promise<void> {
  if (userIds.length === 0) return;
  await ctx
    .asSystem({ capability: "core.credentials", reason: "end sessions" })
    .repo(userSession)
    .updateWhere(
      { userId: { in: userIds }, endedAt: null, ...(except === undefined ? {} : { id: { ne: except } }) },
      { endedAt: ctx.now() },
    );
}

/** Removes a few sessions that ended long ago, and ends the oldest where there are too many. */
async function sweep(tx: Context, userId: string): Promise<void> {
  const sessions = tx.repo(userSession);
  const before = toInstant(tx.clock.now() - KEPT_DAYS * 86_400_000);
  const old = await sessions.find({
    where: { userId, expiresAt: { lt: before } },
    select: ["id"],
    orderBy: ["expiresAt", "id"],
    limit: SWEPT,
  });
  for (const { id } of old.items) await sessions.purge(id);
  const live = await sessions.find({
    where: { userId, endedAt: null, expiresAt: { gt: tx.now() } },
    select: ["id"],
    orderBy: ["-expiresAt", "-id"],
    limit: MAX_SESSIONS + SWEPT,
  });
  const surplus = live.items.slice(MAX_SESSIONS - 1).map(({ id }) => id);
  if (surplus.length > 0) await sessions.updateWhere({ id: { in: surplus } }, { endedAt: tx.now() });
}
