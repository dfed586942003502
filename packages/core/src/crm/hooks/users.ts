import type { Context } from "../../context/context.js";
import { after, before, type HookDefinition } from "../../hooks/define-hook.js";
import { credential, userToken } from "../entities/credential.js";
import { type User, user } from "../entities/user.js";
import { loginOf } from "../services/passwords.js";
import { checkMayGrant, grantsFreely } from "../services/rights.js";
import { rolesOfMany } from "../services/roles-of.js";
import { endSessions } from "../services/sessions.js";

/** By these somebody signs in: whoever changes them can become that user. */
const KEYS = ["email", "externalId", "active"] as const;

/** What follows from a change to a user for his signing in, in the transaction of the change. */
export const userHooks: readonly HookDefinition[] = [
  before(user, "update", { name: "crm.user-takeover", stage: "early" }, async (batch, ctx) => {
    const changed = batch.filter(({ before: old, patch }) =>
      KEYS.some((key) => patch[key] !== undefined && patch[key] !== old[key]),
    );
    await checkTakeover(
      ctx,
      changed.map(({ before: old }) => old),
    );
  }),
  // Before they go into the recycle bin together with the user, out of which they would come back with him.
  before(user, "delete", { name: "crm.user-sign-out", stage: "early" }, async (batch, ctx) => {
    const users = batch.map(({ before: old }) => old);
    await checkTakeover(ctx, users);
    await endSessions(
      ctx,
      users.map(({ id }) => id),
    );
  }),
  after(user, "update", { name: "crm.user-sign-in" }, async (batch, ctx) => {
    const suspended = batch.filter(({ row, changed }) => changed.has("active") && !row.active);
    await endSessions(
      ctx,
      suspended.map(({ row }) => row.id),
    );
    await moveLogins(
      ctx,
      batch.filter(({ changed }) => changed.has("email")).map(({ row }) => row),
    );
  }),
];

/** Nobody changes the keys of somebody who may do more than he: he could sign in as him. */
async function checkTakeover(ctx: Context, users: readonly User[]): Promise<void> {
  const others = users.filter(
    ({ id }) => id !== ctx.userId && !(ctx.actor.kind === "user" && ctx.actor.id === id),
  );
  if (others.length === 0 || grantsFreely(ctx)) return;
  const roles = await rolesOfMany(
    ctx,
    others.map(({ id }) => id),
  );
  if (roles.length > 0) checkMayGrant(ctx, "A user with these roles", roles);
}

async function moveLogins(ctx: Context, users: readonly User[]): Promise<void> {
  if (users.length === 0) return;
  const system = ctx.asSystem({ capability: "crm.directory", reason: "follow the e-mail address" });
  const credentials = system.repo(credential);
  const byUser = new Map(users.map((row) => [row.id, row]));
  // A link that lies in the old mailbox opens nothing any more.
  await system
    .repo(userToken)
    .updateWhere({ userId: { in: [...byUser.keys()] }, usedAt: null }, { usedAt: ctx.now() });
  for await (const { id, userId } of credentials.stream({ where: { userId: { in: [...byUser.keys()] } } })) {
    const { email } = byUser.get(userId) as User;
    // Without an address nobody signs in.
    if (email === null) await credentials.purge(id);
    else await credentials.update(id, { login: loginOf(email) });
  }
}
