import { parseInstant, type Tokens } from "@corm/core";

const PURPOSE = "leads.confirm";

/** What a link of confirmation says: which submission, and until when. Nothing of the person is in it. */
export function signConfirmation(
  tokens: Tokens,
  tenant: string,
  submissionId: string,
  until: string,
): string {
  return tokens.sign(PURPOSE, [tenant, submissionId], { expiresAt: Date.parse(parseInstant(until)) });
}

/** The submission, or undefined where the token is forged, has run out, or is another tenant's. */
export function readConfirmation(tokens: Tokens, tenant: string, token: unknown): string | undefined {
  if (typeof token !== "string") return undefined;
  const data = tokens.verify<[string, string]>(PURPOSE, token);
  return data?.[0] === tenant ? data[1] : undefined;
}
