import { type Contact, type Context, consentAddress, consents } from "@corm/core";
import { type DeliveryInput, delivery } from "../entities/delivery.js";
import { mailAddress } from "../mail/address.js";

type Candidate = Pick<Contact, "id" | "email">;
type Verdict = Pick<DeliveryInput, "state" | "reason" | "address">;

/**
 * Decides for one page of a mailing's audience who gets the message, and why the others do not. Candidates who have a
 * delivery already are left out, so that a page can be done again. Three queries, however many candidates.
 */
export async function decideRecipients(
  ctx: Context,
  mailing: { readonly id: string; readonly topic: string },
  candidates: readonly Candidate[],
): Promise<DeliveryInput[]> {
  const addresses = new Map<string, string | undefined>();
  for (const { id, email } of candidates) {
    if (email) addresses.set(id, mailAddress(consentAddress(email)));
  }
  const usable = [...new Set([...addresses.values()].filter((address) => address !== undefined))];
  const taken = await takenBy(ctx, mailing.id, candidates, usable);
  const decisions = await ctx.service(consents).canSendMany("email", mailing.topic, usable);

  const verdict = ({ id, email }: Candidate): Verdict => {
    if (!email) return { state: "suppressed", reason: "no-address" };
    const address = addresses.get(id);
    if (address === undefined) return { state: "suppressed", reason: "invalid-address" };
    if (taken.addresses.has(address)) return { state: "suppressed", reason: "duplicate-address" };
    taken.addresses.add(address);
    const decision = decisions.get(address);
    if (decision?.allowed) return { state: "queued", address };
    return {
      state: "suppressed",
      reason: decision?.reason === "withdrawn" ? "withdrawn" : "no-consent",
      address,
    };
  };
  return candidates
    .filter(({ id }) => !taken.contacts.has(id))
    .map((candidate) => ({
      mailingId: mailing.id,
      contactId: candidate.id,
      attempts: 0,
      ...verdict(candidate),
    }));
}

async function takenBy(
  ctx: Context,
  mailingId: string,
  candidates: readonly Candidate[],
  addresses: readonly string[],
): Promise<{ readonly contacts: Set<string>; readonly addresses: Set<string> }> {
  const contacts = new Set<string>();
  const used = new Set<string>();
  const found = ctx.repo(delivery).stream({
    where: {
      mailingId,
      or: [{ contactId: { in: candidates.map(({ id }) => id) } }, { address: { in: addresses } }],
    },
    select: ["contactId", "address"],
  });
  for await (const { contactId, address } of found) {
    if (contactId) contacts.add(contactId);
    if (address) used.add(address);
  }
  return { contacts, addresses: used };
}
