import type { Tokens } from "@corm/core";

const PURPOSE = "marketing.unsubscribe";

/** What an unsubscribe link says. It does not expire: a wish not to be written to has no last date. */
export interface UnsubscribeLink {
  readonly tenant: string;
  readonly address: string;
  /** Key of the topic. */
  readonly topic: string;
  /** Delivery that carried the link. */
  readonly delivery: string;
}

export function unsubscribeUrl(tokens: Tokens, publicUrl: string, link: UnsubscribeLink): string {
  const { tenant, address, topic, delivery } = link;
  return `${publicUrl}/public/unsubscribe/${tokens.sign(PURPOSE, [tenant, address, topic, delivery])}`;
}

/** The link of a token, or undefined where it is forged, cut, or of another purpose. */
export function readUnsubscribeToken(tokens: Tokens, token: string): UnsubscribeLink | undefined {
  const data = tokens.verify<unknown>(PURPOSE, token);
  if (!Array.isArray(data) || data.length !== 4 || !data.every((part) => typeof part === "string"))
    return undefined;
  const [tenant, address, topic, delivery] = data as [string, string, string, string];
  return { tenant, address, topic, delivery };
}
