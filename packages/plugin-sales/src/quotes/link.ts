import type { Tokens } from "@corm/core";
import type { Quote } from "../entities/quote.js";

const PURPOSE = "sales.quote";

/** Below the base of the app: who has it may see and answer the quote. */
export function quotePath(tokens: Tokens, { tenantId, id, documentHash }: Quote): string {
  // The hash binds the link to what was sent.
  return `/public/quotes/${tokens.sign(PURPOSE, [tenantId, id, documentHash?.slice(0, 16)])}`;
}

export interface QuoteTicket {
  readonly tenant: string;
  readonly quoteId: string;
  readonly hashStart: string;
}

/** Undefined where the token is forged, cut or of another purpose. */
export function readQuoteToken(tokens: Tokens, token: string): QuoteTicket | undefined {
  const data = tokens.verify<[string, string, string]>(PURPOSE, token);
  return data && { tenant: data[0], quoteId: data[1], hashStart: data[2] };
}
