import type { Actor, Context, Identity } from "../../context/context.js";
import { NotFound } from "../../errors/core-errors.js";
import type { Session } from "../../runtime/session.js";
import type { FindSpec } from "../../storage/adapter.js";
import { type Awaitable, andThen } from "../../util/awaitable.js";
import { toInstant } from "../../util/clock.js";
import { equalText, randomToken, sha256Hex } from "../../util/hash.js";
import { type ApiKey, type ApiKeyInput, apiKey } from "../entities/api-key.js";
import { role } from "../entities/role.js";
import type { User } from "../entities/user.js";
import { WeakSecret } from "../errors.js";
import type { CheckedCredentials, FoundCredential } from "./checked-credentials.js";
import { answerTo, standingQuestion } from "./evidence.js";
import { type Grants, grantsOf, roleObject, tenantRolesOf } from "./roles-of.js";

const PREFIX_LENGTH = 12;
/** Letters of a key that is given from outside: fewer could be found out from its hash. */
export const MIN_GIVEN_KEY = 32;
/** `corm_<tenant>.<prefix>.<secret>`: the tenant may hold dots, the other two do not. */
const OWN_FORM = /^corm_([\w.-]{1,64})\.([\w-]{12})\.([\w-]{43})$/;

export interface ApiKeyOptions {
  readonly name: string;
  /** Names of roles of the app or of the tenant. A key without roles can do nothing, unless it has a `userId`. */
  readonly roles: readonly string[];
  /** Narrows what the roles allow: `lead:read`, `lead:*`, `lead.convert`. Default: all of it. */
  readonly scopes?: readonly string[];
  /**
   * The user in whose name the key works, while he is active: what he owns counts as the key's own. With no `roles`,
   * the key has those of the user, as they are at each request.
   */
  readonly userId?: string;
  readonly expiresAt?: string;
  /** The whole key, where it is given from outside: at least 32 characters. It names no tenant; see `apiKeyTenant`. */
  readonly secret?: string;
}

export interface IssuedApiKey {
  /** Shown this once: it can never be read again. */
  readonly key: string;
  readonly record: ApiKey;
}

/**
 * Makes a key. With the rights of the system: whoever calls it decides who may have one.
 *
 * @throws weak-secret for a given key that is too short
 */
export async function issueApiKey(ctx: Context, options: ApiKeyOptions): Promise<IssuedApiKey> {
  const { name, roles, scopes, userId, expiresAt } = options;
  const prefix = randomToken(16).slice(0, PREFIX_LENGTH);
  const key = options.secret ?? keyOf(ctx.tenant, prefix);
  if (key.length < MIN_GIVEN_KEY) throw WeakSecret({ what: "A given API key", least: MIN_GIVEN_KEY });
  const system = ctx.asSystem({ capability: "core.credentials", reason: "issue an API key" });
  const tenantRoles = await tenantRolesOf(system, roles);
  const input: ApiKeyInput = {
    name,
    prefix: options.secret === undefined ? prefix : prefixOf(key),
    hash: sha256Hex(key),
    roles: [...roles],
    tenantRoles: tenantRoles.map(({ id, name }) => ({ id, name })),
    createdBy: nameOf(ctx.actor),
    ...(scopes === undefined ? {} : { scopes: [...scopes] }),
    ...(userId === undefined ? {} : { userId }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return { key, record: await system.repo(apiKey).create(input) };
}

/**
 * Gives a key a new secret. The old one stays valid for `graceSeconds`, so that programs can change over one by one;
 * the one before it stops at once.
 *
 * @throws not-found, also for a revoked key
 */
export async function rotateApiKey(
  ctx: Context,
  id: string,
  { graceSeconds = 0 }: { readonly graceSeconds?: number } = {},
): Promise<IssuedApiKey> {
  return ctx
    .asSystem({ capability: "core.credentials", reason: "rotate an API key" })
    .transaction(async (tx) => {
      const keys = tx.repo(apiKey);
      const old = await keys.get(id, { lock: true });
      if (old.revokedAt !== null) throw NotFound({ entity: "apiKey", id });
      // A key given from outside is found by its hash, which changes: from here on it has a prefix of its own.
      const key = keyOf(tx.tenant, old.prefix);
      const record = await keys.update(id, {
        hash: sha256Hex(key),
        previousHash: graceSeconds > 0 ? old.hash : null,
        previousUntil: graceSeconds > 0 ? toInstant(tx.clock.now() + graceSeconds * 1000) : null,
      });
      return { key, record };
    });
}

/** Makes a key worthless, from the next request on. @throws not-found */
export async function revokeApiKey(ctx: Context, id: string): Promise<ApiKey> {
  const keys = ctx.asSystem({ capability: "core.credentials", reason: "revoke an API key" }).repo(apiKey);
  const { revokedAt } = await keys.get(id);
  return keys.update(id, { revokedAt: revokedAt ?? ctx.now(), previousHash: null, previousUntil: null });
}

/** The record of a key of the session's tenant that is valid now, or undefined. One read by an index. */
export async function findApiKey(ctx: Context, key: string): Promise<ApiKey | undefined> {
  return (await readKey(ctx, key, sha256Hex(key)))?.record;
}

/** Who sends a key: the identity of a request, or undefined where the key does not hold. */
export function identityOfApiKey(
  session: Session,
  key: string,
  checked: CheckedCredentials,
): Awaitable<FoundCredential | undefined> {
  const digest = sha256Hex(key);
  return andThen(
    checked.find(session, digest),
    (found) => found ?? readIdentity(session, key, digest, checked),
  );
}

async function readIdentity(
  session: Session,
  key: string,
  digest: string,
  checked: CheckedCredentials,
): Promise<FoundCredential | undefined> {
  const found = await readKey(session, key, digest);
  if (!found) return undefined;
  const { record, until } = found;
  const { id, lastUsedAt } = record;
  const { identity, question } = await identityOfRecord(session, record, record.user ?? null);
  if (question) checked.keep(session, digest, { id, identity, question, until });
  return { id, identity, seen: lastUsedAt };
}

/** Who the key of a job is now: null where it holds no more. */
export async function identityOfKeyId(ctx: Context, id: string): Promise<Identity | null> {
  const record = await ctx
    .asSystem({ capability: "core.credentials", reason: "the API key of a job" })
    .repo(apiKey)
    .first({ where: { id, revokedAt: null }, include: ["user"] });
  if (!record || (record.expiresAt !== null && record.expiresAt <= ctx.now())) return null;
  if (record.userId !== null && !record.user?.active) return null;
  return (await identityOfRecord(ctx as Session, record, record.user ?? null)).identity;
}

async function identityOfRecord(
  session: Session,
  record: ApiKey,
  owner: User | null,
): Promise<{ readonly identity: Identity; readonly question: FindSpec | null }> {
  const { id, userId, scopes } = record;
  const own = record.roles.length > 0 || userId === null;
  const grantsNow = (at: Context) => (own ? keyGrants(at, record) : grantsOf(at, userId));
  const { roles, evidence } = await grantsNow(session);
  const question =
    evidence &&
    standingQuestion(session, "apiKey", "lastUsedAt", { credential: record, user: owner, ...evidence });
  const held = { roles, ...(scopes === null ? {} : { scopes }) };
  const identity: Identity = {
    ...held,
    actor: { kind: "apiKey", id },
    tenant: session.tenant,
    revalidate: async (at) => {
      if (question && (await answerTo(question, at as Session))) return held;
      const valid = await at
        .asSystem({ capability: "core.credentials", reason: "check an API key" })
        .repo(apiKey)
        .first({ where: { id, revokedAt: null, ...(userId === null ? {} : { user: { active: true } }) } });
      return valid && { roles: (await grantsNow(at)).roles, ...(scopes === null ? {} : { scopes }) };
    },
    ...(userId === null ? {} : { userId }),
    ...(owner?.locale == null ? {} : { locale: owner.locale }),
  };
  return { identity, question };
}

/** Roles of the app by name, which costs nothing; those of the tenant as they are now, in one read. */
async function keyGrants(ctx: Context, { roles, tenantRoles }: ApiKey): Promise<Grants> {
  const known = ctx.catalog.roles;
  if (tenantRoles.length === 0) {
    const evidence = { assignments: null, roles: [] };
    return { roles: roles.filter((name) => known.has(name)), evidence };
  }
  const ofTenant = new Set(tenantRoles.map(({ name }) => name));
  const { items } = await ctx
    .asSystem({ capability: "core.credentials", reason: "roles of an API key" })
    .repo(role)
    .find({ where: { id: { in: tenantRoles.map(({ id }) => id) } }, limit: 500 });
  const own = items.map(({ id, version }) => ({ id, version }));
  return {
    roles: [
      ...roles.filter((name) => !ofTenant.has(name) && known.has(name)),
      ...items.map((record) => roleObject(ctx, record)),
    ],
    // One in the recycle bin may come back.
    evidence: own.length === tenantRoles.length ? { assignments: null, roles: own } : null,
  };
}

/** The tenant that a key names itself; undefined for one that was given from outside. Nothing is checked yet. */
export function apiKeyTenant(key: string): string | undefined {
  return OWN_FORM.exec(key)?.[1];
}

async function readKey(ctx: Context, key: string, hash: string) {
  const tenant = apiKeyTenant(key);
  if (tenant !== undefined && tenant !== ctx.tenant) return undefined;
  const system = ctx.asSystem({ capability: "core.credentials", reason: "check an API key" });
  const record = await system.repo(apiKey).first({ where: { prefix: prefixOf(key) }, include: ["user"] });
  const now = ctx.now();
  const current = equalText(record?.hash ?? "", hash);
  const previous = equalText(record?.previousHash ?? "", hash);
  if (!record || record.revokedAt !== null) return undefined;
  if (!current && !(previous && now < (record.previousUntil ?? ""))) return undefined;
  if (record.expiresAt !== null && record.expiresAt <= now) return undefined;
  if (record.userId !== null && !record.user?.active) return undefined;
  const ends = [record.expiresAt, current ? null : record.previousUntil].flatMap((at) => at ?? []);
  return { record, until: Math.min(...ends.map((at) => Date.parse(at))) };
}

function keyOf(tenant: string, prefix: string): string {
  return `corm_${tenant}.${prefix}.${randomToken(32)}`;
}

/** Keys given from outside may be alike at the beginning: their prefix is taken from their hash. */
function prefixOf(key: string): string {
  return OWN_FORM.exec(key)?.[2] ?? sha256Hex(key).slice(0, PREFIX_LENGTH);
}

/** An actor as records keep him. */
export function nameOf(actor: Actor): string {
  const what = actor.kind === "system" ? actor.reason : actor.kind === "public" ? actor.route : actor.id;
  return `${actor.kind}:${what}`.slice(0, 200);
}
