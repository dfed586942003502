import type { Context } from "../../context/context.js";
import type { Tokens } from "../../context/tokens.js";
import type { User } from "../../crm/entities/user.js";
import { userOfPerson } from "../../crm/services/identities.js";
import { isCormError } from "../../errors/corm-error.js";
import { ProviderSignInFailed, RouteNotFound } from "../errors.js";
import { clientNetwork } from "../limits/client-network.js";
import { takeOrThrow } from "../limits/options.js";
import type { HttpSettings } from "../options.js";
import { readParameters } from "../parameters.js";
import { problemAnswer } from "../problem.js";
import type { HttpCall } from "../route.js";
import { beginSession, endPrevious } from "./begin-session.js";
import { readCookie, setCookie } from "./cookies.js";
import type { SignInSettings } from "./options.js";
import type { SignInProvider } from "./provider.js";
import { hintOf, methodOf } from "./provider-sign-out.js";
import { checkReturnTo } from "./return-to.js";
import type { Handler } from "./routes.js";
import type { FindBrowserSession } from "./session-authenticator.js";
import { checkHost } from "./sign-in-handlers.js";

const PURPOSE = "corm sign-in attempt";
/** Time to sign in at the provider. */
const ATTEMPT_SECONDS = 600;

/** In the browser's cookie, readable for the app alone. */
interface Attempt {
  readonly secrets: Readonly<Record<string, string>>;
  readonly returnTo: string;
  /** Epoch milliseconds. */
  readonly until: number;
}

/** Signing in by a provider: the way there, the way back, and which ones there are. */
export function providerHandlers(
  settings: HttpSettings,
  signIn: SignInSettings,
  find: FindBrowserSession,
): Readonly<Record<"list" | "begin" | "callback", Handler>> {
  const { crm, accepted } = settings;
  const { tokens, clock } = crm.runtime;
  const { providers, publicUrl, cookies } = signIn;
  const urlOf = (provider: SignInProvider) =>
    `${publicUrl}/public/auth/providers/${encodeURIComponent(provider.name)}`;
  const named = (call: HttpCall): SignInProvider => {
    const provider = providers.find(({ name }) => name === call.params["provider"]);
    if (!provider) throw RouteNotFound({ method: call.request.method, path: call.path });
    return provider;
  };
  const limited = (call: HttpCall, step: "begin" | "end") =>
    takeOrThrow(
      signIn.limiter,
      "sign-in",
      `provider-${step}/address/${clientNetwork(call.clientAddress)}`,
      signIn.perAddress,
    );

  /** The user whom a provider's answer names, and the system's session in his tenant. */
  const signedInBy = async (provider: SignInProvider, callback: URL, attempt: Attempt) => {
    const fails = (reason: string) => ProviderSignInFailed({ provider: provider.name, reason });
    const person = await provider.finish(callback, attempt.secrets);
    if (!person) throw fails("what it answered does not hold, or it was broken off. Begin again");
    const tenant = provider.tenantOf(person);
    const ctx: Context | undefined =
      tenant !== undefined && accepted(tenant)
        ? crm.system({ tenant, capability: "core.credentials", reason: "sign in by a provider" })
        : undefined;
    const rules = {
      linkByEmail: provider.linkByEmail,
      provision: provider.provision && (() => provider.provision?.(person) ?? null),
    };
    let user: User | undefined;
    try {
      user = ctx && (await userOfPerson(ctx, person, rules));
    } catch (cause) {
      // What the app made of him is no user: nothing that he could mend.
      if (!isCormError(cause) || cause.status >= 500) throw cause;
      crm.report(cause);
      throw ProviderSignInFailed(
        {
          provider: provider.name,
          reason: "the app could not make a user of the person. Ask an administrator",
        },
        { cause },
      );
    }
    // The same for a stranger, for a suspended user, and where there is no such tenant.
    if (!ctx || !user) throw fails("the person is no active user here. Ask an administrator");
    return { ctx, user, hint: hintOf(person, provider, tokens) };
  };

  return {
    async list(call) {
      readParameters(call.query, []);
      const data = providers.map((provider) => ({
        name: provider.name,
        label: provider.label,
        url: urlOf(provider),
      }));
      return { status: 200, body: { data } };
    },
    async begin(call) {
      const provider = named(call);
      const given = readParameters(call.query, ["returnTo"]).get("returnTo");
      const returnTo = checkReturnTo(given ?? "/", signIn);
      checkHost(call, signIn);
      await limited(call, "begin");
      const { url, secrets } = await provider.begin(`${urlOf(provider)}/callback`);
      const attempt: Attempt = { secrets, returnTo, until: clock.now() + ATTEMPT_SECONDS * 1000 };
      const sealed = tokens.seal(PURPOSE, attempt, provider.name);
      return redirect(302, url, [setCookie(cookies.attempt, sealed, cookies.secure, ATTEMPT_SECONDS)]);
    },
    async callback(call) {
      const provider = named(call);
      checkHost(call, signIn);
      await limited(call, "end");
      const attempt = attemptOf(call, provider, signIn, tokens, clock.now());
      if (!attempt)
        throw ProviderSignInFailed({
          provider: provider.name,
          reason: "this browser has not begun it, or more than ten minutes ago. Begin again",
        });
      // Good for one try, whatever comes of it.
      const spent = setCookie(cookies.attempt, "", cookies.secure, 0);
      const callback = new URL(`${urlOf(provider)}/callback`);
      callback.search = call.query.toString();
      try {
        const { ctx, user, hint } = await signedInBy(provider, callback, attempt);
        await endPrevious(call.request, find);
        const { cookie } = await beginSession(call, ctx, user.id, signIn, methodOf(provider), hint);
        return redirect(303, attempt.returnTo, [spent, cookie]);
      } catch (error) {
        if (!isCormError(error)) throw error;
        if (error.status >= 500) crm.report(error);
        if (!wantsPage(call.request)) {
          const { status, body, headers } = problemAnswer(error, call.requestId, settings.challenge);
          return { status, body, headers: { ...headers, "set-cookie": spent } };
        }
        // A person in front of a browser is led back to the page that he came from, which says what to do.
        const page = new URL(attempt.returnTo);
        page.searchParams.set("signInError", error.code);
        return redirect(303, page.href, [spent]);
      }
    },
  };
}

function attemptOf(
  call: HttpCall,
  provider: SignInProvider,
  { cookies }: SignInSettings,
  tokens: Tokens,
  now: number,
): Attempt | undefined {
  const sealed = readCookie(call.request, cookies.attempt);
  const attempt = sealed === undefined ? undefined : tokens.open<Attempt>(PURPOSE, sealed, provider.name);
  return attempt && now < attempt.until ? attempt : undefined;
}

function wantsPage(request: Request): boolean {
  return (request.headers.get("accept") ?? "").includes("text/html");
}

function redirect(status: 302 | 303, location: string, cookies: readonly string[]): Response {
  const headers = new Headers({ location, "cache-control": "no-store" });
  for (const cookie of cookies) headers.append("set-cookie", cookie);
  return new Response(null, { status, headers });
}
