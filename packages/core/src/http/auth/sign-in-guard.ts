import type { Tokens } from "../../context/tokens.js";
import { loginOf } from "../../crm/services/passwords.js";
import { randomToken, sha256Hex } from "../../util/hash.js";
import { clientNetwork } from "../limits/client-network.js";
import { takeOrThrow } from "../limits/options.js";
import { readCookie } from "./cookies.js";
import type { SignInSettings } from "./options.js";

const PURPOSE = "corm device";
/** A browser is remembered for so long after it was signed in from. */
export const DEVICE_SECONDS = 180 * 86_400;

interface Device {
  readonly t: string;
  /** Digest of the login. */
  readonly l: string;
  readonly n: string;
}

/**
 * Counts tries, whether there is such an account or not. A browser from which the account was signed in before has a
 * count of its own: whoever tries passwords from elsewhere uses up the others' count, and locks nobody out of his.
 *
 * @throws too-many-requests
 */
export async function countTry(
  request: Request,
  address: string | undefined,
  account: { readonly tenant: string; readonly email: string },
  tokens: Tokens,
  { limiter, perAddress, perAccount, cookies }: SignInSettings,
): Promise<void> {
  await takeOrThrow(limiter, "sign-in", `sign-in/address/${clientNetwork(address)}`, perAddress);
  const login = loginDigest(account.email);
  const device = tokens.verify<Device>(PURPOSE, readCookie(request, cookies.device) ?? "");
  const known = device?.t === account.tenant && device.l === login ? device.n : "";
  for (const [i, rule] of perAccount.entries())
    await takeOrThrow(limiter, "sign-in", `sign-in/account/${i}/${account.tenant}/${login}/${known}`, rule);
}

/** The value of the cookie by which a browser is known again. It opens nothing. */
export function deviceCookie(tenant: string, email: string, tokens: Tokens, now: number): string {
  const device: Device = { t: tenant, l: loginDigest(email), n: randomToken(16) };
  return tokens.sign(PURPOSE, device, { expiresAt: now + DEVICE_SECONDS * 1000 });
}

const loginDigest = (email: string): string => sha256Hex(loginOf(email)).slice(0, 32);
