import type { JobHandle, Tokens } from "@corm/core";

const PURPOSE = "workflow.vote";
const DAY_MS = 86_400_000;
/** A link is good for so long; and once, since a vote is. */
const DAYS = 14;

export type Verb = "approve" | "reject";
const VERBS: readonly Verb[] = ["approve", "reject"];

export interface VoteLink {
  readonly tenant: string;
  readonly voteId: string;
  readonly verb: Verb;
}

export function voteUrl(
  tokens: Tokens,
  publicUrl: string,
  { tenant, voteId, verb }: VoteLink,
  now: number,
): string {
  const token = tokens.sign(PURPOSE, [tenant, voteId, verb], { expiresAt: now + DAYS * DAY_MS });
  return `${publicUrl.replace(/\/+$/, "")}/public/approvals/${token}`;
}

/** Undefined for what is forged, cut, of another purpose, or too old. */
export function readVoteLink(tokens: Tokens, token: string): VoteLink | undefined {
  const data = tokens.verify<[string, string, Verb]>(PURPOSE, token);
  if (!Array.isArray(data)) return undefined;
  const [tenant, voteId, verb] = data;
  return VERBS.includes(verb) ? { tenant, voteId, verb } : undefined;
}

export interface AskInput {
  readonly voteId: string;
}
export const ASK_BY_MAIL: JobHandle<AskInput> = { name: "workflow.askByMail" };
