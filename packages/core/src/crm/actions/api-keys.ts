import Type from "typebox";
import { defineAction } from "../../actions/define-action.js";
import type { Context } from "../../context/context.js";
import { instant } from "../../schema/field.js";
import { type ApiKey, apiKey } from "../entities/api-key.js";
import { RightsExceeded } from "../errors.js";
import { issueApiKey, revokeApiKey, rotateApiKey } from "../services/api-keys.js";
import { checkMayGrant, grantsFreely } from "../services/rights.js";
import { namedRoles } from "../services/roles-of.js";

export const MANAGE_API_KEYS = "apiKey.manage";

const id = Type.String({ format: "uuid" });
const names = (maxItems: number) => Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { maxItems });
const orNull = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
const shown = {
  id,
  name: Type.String(),
  prefix: Type.String(),
  roles: Type.Array(Type.String()),
  scopes: orNull(Type.Array(Type.String())),
  userId: orNull(id),
  expiresAt: orNull(instant()),
  revokedAt: orNull(instant()),
  previousUntil: orNull(instant()),
  lastUsedAt: orNull(instant()),
  createdAt: instant(),
  createdBy: orNull(Type.String()),
};
const shownKey = Type.Object(shown);
/** The only answers that ever hold a key. */
const withKey = Type.Object({ ...shown, key: Type.String({ description: "The key. Shown this once." }) });

export const issueKey = defineAction({
  name: "issueApiKey",
  label: "Issue an API key",
  description: "Makes a key for a program, and shows it once.",
  permission: MANAGE_API_KEYS,
  input: Type.Object({
    name: Type.String({ minLength: 1, maxLength: 100 }),
    roles: names(50),
    scopes: Type.Optional(names(200)),
    userId: Type.Optional(id),
    expiresAt: Type.Optional(instant()),
  }),
  output: withKey,
  showsSecret: true,
  run: async ({ input }, ctx) => {
    const { name, roles, scopes, userId, expiresAt } = input;
    checkMayGrant(ctx, "The API key", await namedRoles(ctx, roles));
    if (userId !== undefined) checkUser(ctx, userId);
    const { key, record } = await issueApiKey(ctx, {
      name,
      roles,
      ...(scopes === undefined ? {} : { scopes }),
      ...(userId === undefined ? {} : { userId }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    });
    return { ...show(record), key };
  },
});

export const rotateKey = defineAction({
  name: "rotateApiKey",
  label: "Rotate an API key",
  description: "Gives a key a new secret, shown once. The old one stays valid for `graceSeconds`.",
  permission: MANAGE_API_KEYS,
  input: Type.Object({
    id,
    graceSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 30 * 86_400 })),
  }),
  output: withKey,
  showsSecret: true,
  run: async ({ input }, ctx) => {
    await checkKey(ctx, input.id);
    const { key, record } = await rotateApiKey(ctx, input.id, { graceSeconds: input.graceSeconds ?? 0 });
    return { ...show(record), key };
  },
});

export const revokeKey = defineAction({
  name: "revokeApiKey",
  label: "Revoke an API key",
  description: "The key is worthless from the next request on.",
  permission: MANAGE_API_KEYS,
  input: Type.Object({ id }),
  output: shownKey,
  run: async ({ input }, ctx) => show(await revokeApiKey(ctx, input.id)),
});

export const listKeys = defineAction({
  name: "listApiKeys",
  label: "List API keys",
  description: "A page of keys, without what opens anything, newest first.",
  permission: MANAGE_API_KEYS,
  readOnly: true,
  input: Type.Object({
    after: Type.Optional(Type.String({ maxLength: 2000 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  output: Type.Object({ data: Type.Array(shownKey), next: orNull(Type.String()) }),
  run: async ({ input }, ctx) => {
    const { items, next } = await ctx
      .asSystem({ capability: "core.credentials", reason: "list API keys" })
      .repo(apiKey)
      .find({ orderBy: ["-id"], limit: input.limit ?? 50, after: input.after ?? null });
    return { data: items.map(show), next };
  },
});

/** A new secret of a key is as good as a new key: only who may grant its rights gets one. */
async function checkKey(ctx: Context, keyId: string): Promise<void> {
  const { roles, userId } = await ctx
    .asSystem({ capability: "core.credentials", reason: "rotate an API key" })
    .repo(apiKey)
    .get(keyId);
  checkMayGrant(ctx, "The API key", await namedRoles(ctx, roles));
  if (userId !== null) checkUser(ctx, userId);
}

/** A key that works for somebody else sees what is his. */
function checkUser(ctx: Context, userId: string): void {
  const own = ctx.actor.kind === "user" ? ctx.actor.id : ctx.userId;
  if (own !== userId && !grantsFreely(ctx)) throw RightsExceeded({ what: "An API key for another user" });
}

function show(record: ApiKey) {
  const { name, prefix, roles, scopes, userId, createdAt, createdBy } = record;
  const { expiresAt, revokedAt, previousUntil, lastUsedAt } = record;
  return {
    id: record.id,
    name,
    prefix,
    roles,
    scopes,
    userId,
    expiresAt,
    revokedAt,
    previousUntil,
    lastUsedAt,
    createdAt,
    createdBy,
  };
}
