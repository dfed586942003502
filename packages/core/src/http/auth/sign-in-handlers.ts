import type { Context } from "../../context/context.js";
import type { User } from "../../crm/entities/user.js";
import { InvalidToken, SignInFailed } from "../../crm/errors.js";
import { accountMessages } from "../../crm/services/account-messages.js";
import { verifyPassword } from "../../crm/services/password-hash.js";
import { checkSignIn } from "../../crm/services/passwords.js";
import { redeemToken, requestReset, userTokenTenant } from "../../crm/services/user-tokens.js";
import { InsecureHost, TooManyRequests } from "../errors.js";
import { clientNetwork } from "../limits/client-network.js";
import { takeOrThrow } from "../limits/options.js";
import type { HttpSettings } from "../options.js";
import type { HttpCall } from "../route.js";
import { beginSession, endPrevious } from "./begin-session.js";
import { setCookie } from "./cookies.js";
import { checkOrigin, csrfTokenOf } from "./csrf.js";
import type { SignInSettings } from "./options.js";
import { textReader } from "./read-body.js";
import type { Handler } from "./routes.js";
import type { FindBrowserSession } from "./session-authenticator.js";
import { countTry, DEVICE_SECONDS, deviceCookie } from "./sign-in-guard.js";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);
/** Links that are being made and sent at once. */
const MAX_PENDING = 100;

/** What needs no credential. */
export function signInHandlers(
  settings: HttpSettings,
  signIn: SignInSettings,
  find: FindBrowserSession,
): Readonly<Record<"signIn" | "requestReset" | "reset" | "acceptInvitation", Handler>> {
  const { crm, accepted } = settings;
  const credentials = textReader("email", "password", "tenant?");
  const address = textReader("email", "tenant?");
  const newPassword = textReader("token", "password");
  let pending = 0;

  const sessionIn = (tenant: string | undefined): Context | undefined =>
    tenant !== undefined && accepted(tenant)
      ? crm.system({ tenant, capability: "core.credentials", reason: "sign in" })
      : undefined;
  const begin = (call: HttpCall) => {
    checkOrigin(call.request, signIn.origins);
    checkHost(call, signIn);
  };
  const redeem =
    (purpose: "reset" | "invitation"): Handler =>
    async (call) => {
      begin(call);
      await countToken(call, signIn);
      const { token = "", password = "" } = await tokenBody(call, newPassword);
      const ctx = sessionIn(userTokenTenant(token));
      if (!ctx) throw InvalidToken({});
      await redeemToken(ctx, purpose, token, password, signIn.passwords);
      return { status: 204 };
    };

  return {
    async signIn(call) {
      begin(call);
      const { email = "", password = "", tenant = crm.defaultTenant } = await credentials(call);
      const account = { tenant: tenant ?? "", email };
      await countTry(call.request, call.clientAddress, account, crm.runtime.tokens, signIn);
      const ctx = sessionIn(tenant);
      if (!ctx) {
        await verifyPassword(password, null, signIn.passwords.cost);
        throw SignInFailed({});
      }
      const user = await checkSignIn(ctx, email, password, signIn.passwords);
      await endPrevious(call.request, find);
      return signedIn(call, ctx, user, email, settings, signIn);
    },
    async requestReset(call) {
      begin(call);
      const { email = "", tenant = crm.defaultTenant } = await address(call);
      const account = { tenant: tenant ?? "", email };
      await countTry(call.request, call.clientAddress, account, crm.runtime.tokens, signIn);
      const ctx = sessionIn(tenant);
      if (ctx?.optional(accountMessages)) {
        if (pending >= MAX_PENDING)
          throw TooManyRequests({
            policy: "reset",
            limit: MAX_PENDING,
            windowSeconds: 1,
            retryAfterSeconds: 5,
          });
        pending += 1;
        // Beside the request: how long it takes to send a message tells that there is somebody to send it to.
        requestReset(ctx, email)
          .catch(crm.report)
          .finally(() => {
            pending -= 1;
          });
      }
      return { status: 202 };
    },
    reset: redeem("reset"),
    acceptInvitation: redeem("invitation"),
  };
}

/** The answer to whoever has just proved who he is: a session of his own. */
export async function signedIn(
  call: HttpCall,
  ctx: Context,
  user: User,
  email: string,
  { crm }: HttpSettings,
  signIn: SignInSettings,
  method = "password",
): Promise<Response> {
  const { token, record, cookie } = await beginSession(call, ctx, user.id, signIn, method);
  const { cookies } = signIn;
  const device = deviceCookie(ctx.tenant, email, crm.runtime.tokens, crm.runtime.clock.now());
  const response = Response.json({
    user: { id: user.id, name: user.name, email: user.email },
    csrfToken: csrfTokenOf(token),
    expiresAt: record.expiresAt,
  });
  response.headers.append("set-cookie", cookie);
  response.headers.append("set-cookie", setCookie(cookies.device, device, cookies.secure, DEVICE_SECONDS));
  return response;
}

/** A token that is no text is one that does not hold, whatever else it may be. */
async function tokenBody(call: HttpCall, read: ReturnType<typeof textReader>) {
  try {
    return await read(call);
  } catch (error) {
    const issues = (error as { issues?: readonly { pointer: string }[] }).issues ?? [];
    if (issues.some(({ pointer }) => pointer.startsWith("/token"))) throw InvalidToken({});
    throw error;
  }
}

/** Links are tried by address: nobody tries through 256 bits, but each try may cost a hash. */
function countToken(call: HttpCall, { limiter, perAddress }: SignInSettings) {
  return takeOrThrow(limiter, "sign-in", `token/address/${clientNetwork(call.clientAddress)}`, perAddress);
}

/** @throws insecure-host */
export function checkHost(call: HttpCall, { cookies }: SignInSettings): void {
  if (cookies.secure || LOOPBACK.has(new URL(call.request.url).hostname)) return;
  throw InsecureHost({});
}
