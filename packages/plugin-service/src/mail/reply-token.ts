import { createHash } from "node:crypto";
import type { Context } from "@corm/core";
import { withTag } from "./addresses.js";

/** `42-k3j9…`: the number of a ticket with the proof that we told it to this recipient. */
export interface PresentedToken {
  readonly number: number;
  readonly proof: string;
}

const PURPOSE = "service.reply";
const PROOF_LENGTH = 20;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const IN_SUBJECT = /\[#(\d{1,15})-([a-z0-9]{4,64})\]/gi;
const IN_ADDRESS = /^(\d{1,15})-([a-z0-9]{4,64})$/i;
const MAX_TOKENS = 10;

/**
 * The token of a ticket for one recipient. It proves nothing in anybody else's hands: who answers from another address
 * than the one that was written to has to be recognised in another way.
 */
export function replyToken(
  ctx: Context,
  ticket: { readonly id: string; readonly number: number },
  recipient: string,
): string {
  // Mail servers change the case of addresses, which allow 64 characters before the @: the signature of core would
  // neither survive nor fit. 100 bits of its hash do both.
  const signed = ctx.tokens.sign(PURPOSE, [ctx.tenant, ticket.id, recipient.toLowerCase()]);
  const hash = createHash("sha256").update(signed).digest();
  let proof = "";
  for (let i = 0; i < PROOF_LENGTH; i++) proof += ALPHABET[(hash[i] as number) & 31];
  return `${ticket.number}-${proof}`;
}

/** Whether a token was given to this recipient for this ticket. */
export function provesTicket(
  ctx: Context,
  ticket: { readonly id: string; readonly number: number },
  recipient: string,
  { number, proof }: PresentedToken,
): boolean {
  const expected = createHash("sha256")
    .update(replyToken(ctx, ticket, recipient))
    .digest();
  const given = createHash("sha256").update(`${number}-${proof.toLowerCase()}`).digest();
  // Of hashes: the time that it takes to compare them tells nothing of the token.
  return expected.equals(given);
}

/** Tokens in the subject and in the addresses that a mail was sent to, as they stand: proven by nothing yet. */
export function presentedTokens(subject: string, tags: readonly string[]): PresentedToken[] {
  const found: PresentedToken[] = [];
  for (const tag of tags) {
    const [, number, proof] = IN_ADDRESS.exec(tag) ?? [];
    if (number && proof) found.push({ number: Number(number), proof });
  }
  for (const [, number, proof] of subject.matchAll(IN_SUBJECT)) {
    found.push({ number: Number(number), proof: proof as string });
  }
  return found.slice(0, MAX_TOKENS);
}

/** `Re: The subject [#42-k3j9…]`, whatever tokens and answers stood in it before. */
export function replySubject(subject: string, token: string): string {
  return `Re: ${plainSubject(subject).slice(0, 200)} [#${token}]`;
}

/** A subject without tokens, and without the marks of answers and forwards before it. */
export function plainSubject(subject: string): string {
  const marks =
    /^(?:\s*(?:re|aw|antw|sv|vs|fwd?|wg|tr|rif|r|odp|回复|答复|转发|回覆|轉寄)\s*(?:\[\d+\])?\s*[:：])+/i;
  return subject.replace(IN_SUBJECT, "").replace(marks, "").replace(/ {2,}/g, " ").trim();
}

/** Where an answer goes: the mailbox with the token, or without it where that would be too long an address. */
export function replyAddress(mailboxAddress: string, token: string): string {
  return withTag(mailboxAddress, token) ?? mailboxAddress;
}
