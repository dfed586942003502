import type { Tokens } from "@corm/core";

const PURPOSE = "sales.calendar";

/** Below the base of the app: whoever has it may read the calendar until it is revoked. */
export const feedPath = (tokens: Tokens, tenant: string, feedId: string): string =>
  `/public/calendars/${tokens.sign(PURPOSE, [tenant, feedId])}`;

/** Undefined where the token is forged, cut or of another purpose. */
export function readFeedToken(tokens: Tokens, token: string): { tenant: string; feedId: string } | undefined {
  const data = tokens.verify<[string, string]>(PURPOSE, token.replace(/\.ics$/, ""));
  return data && { tenant: data[0], feedId: data[1] };
}
