import type { Context } from "../../context/context.js";
import { defineService } from "../../services/define-service.js";
import { normalAddress } from "../../standards/normal-address.js";
import { type Consent, type ConsentInput, consent } from "../entities/consent.js";

type Channel = Consent["channel"];

export interface SendQuestion {
  readonly channel: Channel;
  readonly address: string;
  readonly topic: string;
}

export interface SendDecision {
  readonly address: string;
  readonly allowed: boolean;
  /** Why: `granted`, `withdrawn`, `no-consent`. */
  readonly reason: "granted" | "withdrawn" | "no-consent";
  /** The ledger entry that decided. */
  readonly consentId: string | null;
}

/** The consent ledger: every sender in every plugin asks it, at queueing and again at sending. */
export interface Consents {
  /** Appends a decision; the address is normalised. */
  record(entry: Omit<ConsentInput, "decidedAt"> & { readonly decidedAt?: string }): Promise<Consent>;
  canSend(question: SendQuestion): Promise<SendDecision>;
  /** The same for many addresses of one channel and topic, in one query per 500 addresses. */
  canSendMany(
    channel: Channel,
    topic: string,
    addresses: readonly string[],
  ): Promise<Map<string, SendDecision>>;
}

export const consents = defineService<Consents>("crm.consents");

/**
 * The form in which addresses are compared: e-mail in lower case, phone numbers as E.164, read as those of the country where
 * they have no international prefix. Tags and dots of e-mail stay.
 */
export const consentAddress: (address: string, country?: string | null) => string = normalAddress;

const CHUNK = 500;

/** What stands in the ledger in place of an erased address: the address can be compared with it, and not told from it. */
export function erasedAddress(ctx: Pick<Context, "tokens" | "tenant" | "country">, address: string): string {
  return `erased:${ctx.tokens.digest(`consent of ${ctx.tenant}`, consentAddress(address, ctx.country))}`;
}

export function consentsOf(ctx: Context): Consents {
  const keyOf = (address: string) => consentAddress(address, ctx.country);
  const canSendMany: Consents["canSendMany"] = async (channel, topic, addresses) => {
    const decisions = new Map<string, SendDecision>();
    const wanted = [...new Set(addresses.map(keyOf))];
    for (let i = 0; i < wanted.length; i += CHUNK) {
      const chunk = wanted.slice(i, i + CHUNK);
      const latest = await latestDecisions(ctx, channel, topic, chunk);
      for (const address of chunk) decisions.set(address, decide(address, latest.get(address)));
    }
    return decisions;
  };
  return {
    record: (entry) =>
      ctx.repo(consent).create({
        ...entry,
        address: keyOf(entry.address),
        decidedAt: entry.decidedAt ?? ctx.now(),
      }),
    canSendMany,
    async canSend({ channel, address, topic }) {
      const key = keyOf(address);
      return (await canSendMany(channel, topic, [key])).get(key) as SendDecision;
    },
  };
}

function decide(address: string, entry: Pick<Consent, "id" | "decision"> | undefined): SendDecision {
  if (!entry) return { address, allowed: false, reason: "no-consent", consentId: null };
  return { address, allowed: entry.decision === "granted", reason: entry.decision, consentId: entry.id };
}

/** The latest entry per address, of the topic or of every topic; a withdrawal of everything beats an older grant. */
async function latestDecisions(ctx: Context, channel: Channel, topic: string, addresses: readonly string[]) {
  const latest = new Map<string, Pick<Consent, "id" | "decision" | "address">>();
  // An opt-out outlives the erasure of whoever made it.
  const erased = new Map(addresses.map((address) => [erasedAddress(ctx, address), address]));
  const entries = ctx.repo(consent).stream({
    where: {
      channel,
      topic: { in: [...new Set([topic, "*"])] },
      address: { in: [...addresses, ...erased.keys()] },
    },
    select: ["id", "address", "decision"],
    orderBy: ["decidedAt", "id"],
  });
  for await (const entry of entries) latest.set(erased.get(entry.address) ?? entry.address, entry);
  return latest;
}
