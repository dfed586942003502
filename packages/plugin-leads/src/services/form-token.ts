import type { Tokens } from "@corm/core";

const PURPOSE = "leads.form";

/** What a form says when it comes back: where it belongs, when it was given out, and under which id. */
export interface FormTicket {
  readonly tenant: string;
  readonly form: string;
  readonly submissionId: string;
  /** Epoch milliseconds. */
  readonly issuedAt: number;
}

export function signForm(tokens: Tokens, ticket: FormTicket): string {
  return tokens.sign(PURPOSE, [ticket.tenant, ticket.form, ticket.submissionId, ticket.issuedAt]);
}

/** The ticket, or undefined where the token is forged, cut, or of another form or tenant. */
export function readForm(
  tokens: Tokens,
  token: unknown,
  place: { readonly tenant: string; readonly form: string },
): FormTicket | undefined {
  if (typeof token !== "string") return undefined;
  const data = tokens.verify<[string, string, string, number]>(PURPOSE, token);
  if (!data || data[0] !== place.tenant || data[1] !== place.form) return undefined;
  return { tenant: data[0], form: data[1], submissionId: data[2], issuedAt: data[3] };
}
