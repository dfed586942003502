import type { PasswordRules } from "../../crm/services/passwords.js";
import type { SessionLifetime } from "../../crm/services/sessions.js";
import { InvalidHttpOptions } from "../errors.js";
import { databaseLimiter } from "../limits/database-limiter.js";
import { checkRule } from "../limits/options.js";
import type { RateLimiter, RateRule } from "../limits/rate-limiter.js";
import type { HttpCrm } from "../options.js";
import { type CookieNames, cookieNames } from "./cookies.js";
import type { SignInProvider } from "./provider.js";

/** Users who sign in with a password or by a provider, and the sessions of their browsers. */
export interface SignInOptions {
  /** False where users sign in by providers alone: there are no routes for passwords then. */
  readonly passwords?: PasswordRules | false;
  /** Such as `oidc()` of `@corm/core/oidc`. */
  readonly providers?: readonly SignInProvider[];
  /**
   * Where browsers find this API, with the path that it is mounted under: `https://crm.example.com`. Needed for providers,
   * who send browsers back there; never taken from a request, whose `Host` anybody may choose.
   */
  readonly publicUrl?: string;
  readonly sessions?: SessionLifetime;
  /** Other origins whose pages use this API with cookies: `https://app.example.com`. They also get CORS headers. */
  readonly origins?: readonly string[];
  /** A cookie without `Secure`, for `http://localhost` in development. Refused for any other host. */
  readonly insecureCookie?: boolean;
  /** Tries from one address (one /64 for IPv6). Default 30 in 15 minutes. */
  readonly perAddress?: RateRule;
  /** Tries on one account from browsers that it has not been signed in from. Default 10 in 15 minutes, and 50 a day. */
  readonly perAccount?: readonly RateRule[];
  /** Where tries are counted. Default: in the database, for all processes together. */
  readonly limiter?: RateLimiter;
}

export interface SignInSettings {
  readonly usesPasswords: boolean;
  readonly passwords: PasswordRules;
  readonly providers: readonly SignInProvider[];
  /** Without a slash at the end; empty where there are no providers. */
  readonly publicUrl: string;
  readonly sessions: SessionLifetime;
  readonly origins: readonly string[];
  readonly cookies: CookieNames;
  readonly perAddress: RateRule;
  readonly perAccount: readonly RateRule[];
  readonly limiter: RateLimiter;
}

const KNOWN =
  "passwords providers publicUrl sessions origins insecureCookie perAddress perAccount limiter".split(" ");
const PER_ADDRESS: RateRule = { limit: 30, windowSeconds: 900 };
const PER_ACCOUNT: readonly RateRule[] = [
  { limit: 10, windowSeconds: 900 },
  { limit: 50, windowSeconds: 86_400 },
];

/** @throws invalid-http-options */
export function signInSettings(
  crm: HttpCrm,
  options: SignInOptions,
  knowsAddresses: boolean,
): SignInSettings {
  const wrong = (problem: string) => InvalidHttpOptions({ problem });
  for (const name of Object.keys(options))
    if (!KNOWN.includes(name)) throw wrong(`"signIn" has no option "${name}". It takes ${KNOWN.join(", ")}.`);
  if (!crm.runtime.composition.entities.has("credential"))
    throw wrong(`No plugin keeps credentials: add crmCore() to the plugins, or leave "signIn" out.`);
  if (!knowsAddresses)
    throw wrong(
      `"signIn" limits tries by address: give "clientAddress", which says what the caller's address is.`,
    );
  const { sessions = {}, origins = [], providers = [] } = options;
  const passwords = options.passwords || {};
  for (const origin of origins) {
    if (!isOrigin(origin))
      throw wrong(
        `"signIn.origins" lists origins such as "https://app.example.com", not ${JSON.stringify(origin)}.`,
      );
  }
  const { minLength = 8, cost = 17 } = passwords;
  if (!Number.isInteger(minLength) || minLength < 8 || minLength > 64)
    throw wrong(`"signIn.passwords.minLength" is a number from 8 to 64.`);
  if (!Number.isInteger(cost) || cost < 14 || cost > 20)
    throw wrong(`"signIn.passwords.cost" is a number from 14 to 20.`);
  for (const [name, seconds] of Object.entries(sessions))
    if (!Number.isSafeInteger(seconds) || seconds < 60)
      throw wrong(`"signIn.sessions.${name}" is a number of seconds, at least 60.`);
  if (options.passwords === false && providers.length === 0)
    throw wrong(`"signIn.passwords" is false and there are no "signIn.providers": nobody could sign in.`);
  const { perAddress = PER_ADDRESS, perAccount = PER_ACCOUNT } = options;
  checkRule("signIn.perAddress", perAddress);
  for (const rule of perAccount) checkRule("signIn.perAccount", rule);
  return {
    usesPasswords: options.passwords !== false,
    passwords,
    providers,
    publicUrl: publicUrlOf(options, providers),
    sessions,
    origins,
    cookies: cookieNames(options.insecureCookie === true),
    perAddress,
    perAccount,
    limiter: options.limiter ?? databaseLimiter(crm.runtime.storage, crm.runtime.clock),
  };
}

/** @throws invalid-http-options */
function publicUrlOf(
  { publicUrl, insecureCookie }: SignInOptions,
  providers: readonly SignInProvider[],
): string {
  const wrong = (problem: string) => InvalidHttpOptions({ problem });
  const names = providers.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw wrong(`"signIn.providers" has two of the name "${twice}".`);
  if (publicUrl === undefined) {
    if (providers.length > 0)
      throw wrong(
        `"signIn.providers" send browsers back: give "signIn.publicUrl", such as "https://crm.example.com".`,
      );
    return "";
  }
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  const scheme = insecureCookie === true ? ["https:", "http:"] : ["https:"];
  if (!url || !scheme.includes(url.protocol) || url.search !== "" || url.hash !== "" || url.username !== "")
    throw wrong(
      `"signIn.publicUrl" is a URL such as "https://crm.example.com" or "https://example.com/crm", not ${JSON.stringify(publicUrl)}.`,
    );
  return url.href.replace(/\/+$/, "");
}

function isOrigin(text: unknown): boolean {
  try {
    return typeof text === "string" && new URL(text).origin === text && text !== "null";
  } catch {
    return false;
  }
}
