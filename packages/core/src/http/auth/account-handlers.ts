import type { Context } from "../../context/context.js";
import { user } from "../../crm/entities/user.js";
import { hashPassword } from "../../crm/services/password-hash.js";
import { checkPassword, checkSignIn, storePassword } from "../../crm/services/passwords.js";
import { endSession, endSessions, listSessions } from "../../crm/services/sessions.js";
import { NotASession } from "../errors.js";
import type { HttpSettings } from "../options.js";
import { readParameters } from "../parameters.js";
import type { HttpCall } from "../route.js";
import { setCookie } from "./cookies.js";
import { csrfTokenOf } from "./csrf.js";
import type { SignInSettings } from "./options.js";
import { providerSignOut } from "./provider-sign-out.js";
import { textReader } from "./read-body.js";
import { checkReturnTo } from "./return-to.js";
import type { Handler } from "./routes.js";
import type { FindBrowserSession, FoundSession } from "./session-authenticator.js";
import { countTry } from "./sign-in-guard.js";
import { signedIn } from "./sign-in-handlers.js";

type Name = "signOut" | "me" | "sessions" | "endOthers" | "endOne" | "changePassword";

/** What a caller may ask about himself. */
export function accountHandlers(
  settings: HttpSettings,
  signIn: SignInSettings,
  find: FindBrowserSession,
): Readonly<Record<Name, Handler>> {
  const { crm } = settings;
  const passwords = textReader("password", "newPassword");

  /** The session that asks; programs have none. */
  const current = async (call: HttpCall): Promise<FoundSession> => {
    const found = call.request.headers.has("authorization") ? undefined : await find(call.request);
    if (!found) throw NotASession({});
    return found;
  };
  const own = async (call: HttpCall): Promise<FoundSession> => {
    readParameters(call.query, []);
    return current(call);
  };

  return {
    async signOut(call) {
      const given = readParameters(call.query, signIn.providers.length > 0 ? ["returnTo"] : []).get(
        "returnTo",
      );
      const returnTo = given === undefined ? undefined : checkReturnTo(given, signIn);
      const { record, system } = await current(call);
      await endSession(system, record.userId, record.id);
      const { session, secure } = signIn.cookies;
      const headers = { "set-cookie": setCookie(session, "", secure, 0) };
      if (returnTo === undefined) return { status: 204, headers };
      const { tokens } = crm.runtime;
      const page = await providerSignOut(record, returnTo, signIn.providers, tokens, crm.report);
      return { status: 200, headers, body: { url: page ?? returnTo } };
    },
    async me(call) {
      readParameters(call.query, []);
      const { actor, tenant, roles, scopes, userId } = call.session;
      const found = call.request.headers.has("authorization") ? undefined : await find(call.request);
      const person = userId === undefined ? null : await personOf(call.session, userId);
      return {
        status: 200,
        body: {
          actor: { kind: actor.kind, id: "id" in actor ? actor.id : "" },
          tenant,
          user: person && { id: person.id, name: person.name, email: person.email },
          roles: roles.map((role) => (typeof role === "string" ? role : role.name)),
          scopes: scopes ?? null,
          csrfToken: found ? csrfTokenOf(found.token) : null,
        },
      };
    },
    async sessions(call) {
      const { record, system } = await own(call);
      const sessions = await listSessions(system, record.userId);
      const data = sessions.map(({ id, method, signedInAt, lastSeenAt, expiresAt, address, userAgent }) => ({
        ...{ id, method, signedInAt, lastSeenAt, expiresAt, address, userAgent },
        current: id === record.id,
      }));
      return { status: 200, body: { data } };
    },
    async endOthers(call) {
      const { record, system } = await own(call);
      await endSessions(system, [record.userId], record.id);
      return { status: 204 };
    },
    async endOne(call) {
      const { record, system } = await own(call);
      await endSession(system, record.userId, call.params["id"] as string);
      return { status: 204 };
    },
    async changePassword(call) {
      const { record, system } = await current(call);
      const { password = "", newPassword = "" } = await passwords(call);
      const person = await system.repo(user).get(record.userId);
      const account = { tenant: system.tenant, email: person.email ?? person.id };
      // A session that was left open must not become a way to try passwords.
      await countTry(call.request, call.clientAddress, account, crm.runtime.tokens, signIn);
      await checkSignIn(system, account.email, password, signIn.passwords);
      await checkPassword(newPassword, person, signIn.passwords, "/newPassword");
      const hash = await hashPassword(newPassword, signIn.passwords.cost);
      await system.transaction(async (tx) => {
        await storePassword(tx, person, hash);
        await endSessions(tx, [person.id]);
      });
      return signedIn(call, system, person, account.email, settings, signIn, record.method);
    },
  };
}

async function personOf(ctx: Context, userId: string) {
  const { items } = await ctx
    .asSystem({ capability: "core.credentials", reason: "who is asking" })
    .repo(user)
    .find({ where: { id: userId }, limit: 1 });
  return items[0] ?? null;
}
