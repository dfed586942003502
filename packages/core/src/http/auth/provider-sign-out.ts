import type { Tokens } from "../../context/tokens.js";
import { MAX_HINT, type UserSession } from "../../crm/entities/credential.js";
import { isCormError } from "../../errors/corm-error.js";
import type { ProvenPerson, SignInProvider } from "./provider.js";

const PURPOSE = "corm sign-out hint";
const METHOD = "oidc:";

/** How a session of a provider names it in `UserSession.method`. */
export const methodOf = ({ name }: Pick<SignInProvider, "name">): string => `${METHOD}${name}`;

/** The hint as it is kept: it tells who somebody is, and opens nothing here. Undefined for one that is too long. */
export function hintOf(person: ProvenPerson, { name }: SignInProvider, tokens: Tokens): string | undefined {
  const { signOutHint } = person;
  if (signOutHint === undefined) return undefined;
  const sealed = tokens.seal(PURPOSE, signOutHint, name);
  return sealed.length > MAX_HINT ? undefined : sealed;
}

/**
 * Where a browser goes to sign out at the provider that its session came from; undefined where there is no such thing.
 * The session here is over in any case: a provider that does not answer is reported, and keeps nobody signed in.
 */
export async function providerSignOut(
  { method, providerHint }: UserSession,
  returnTo: string,
  providers: readonly SignInProvider[],
  tokens: Tokens,
  report: (error: unknown) => void,
): Promise<string | undefined> {
  const provider = providers.find((one) => methodOf(one) === method);
  if (!provider?.end) return undefined;
  const hint = providerHint === null ? undefined : tokens.open<string>(PURPOSE, providerHint, provider.name);
  try {
    return await provider.end(returnTo, hint);
  } catch (error) {
    if (!isCormError(error) || error.code !== "provider-unavailable") throw error;
    report(error);
    return undefined;
  }
}
