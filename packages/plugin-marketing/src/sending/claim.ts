import { type Context, consentAddress, consents, contact, toInstant } from "@corm/core";
import { type Delivery, type DeliveryInput, delivery } from "../entities/delivery.js";
import { mailing } from "../entities/mailing.js";
import { mailAddress } from "../mail/address.js";
import type { HandOver } from "../mail/hand-over.js";

/** How long a hand-over may look alive beyond its own time limit before its worker counts as dead. */
const GRACE_MS = 60_000;
const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 5 * 60_000;

type Verdict = Pick<DeliveryInput, "state"> & Partial<DeliveryInput>;

/**
 * Takes one delivery for this worker, or settles it without sending. Committed before the message leaves: from then
 * on nobody sends it again, whatever happens to this process. Consent is asked in the same transaction.
 *
 * @returns the claim, or undefined where there is nothing to send
 */
export function claimDelivery(
  ctx: Context,
  id: string,
  message: { readonly topic: string; readonly messageId: string },
): Promise<string | undefined> {
  return ctx.transaction(async (tx) => {
    const row = await tx.repo(delivery).get(id, { lock: true });
    const { status } = await tx.repo(mailing).get(row.mailingId);
    if (row.state !== "queued" || status !== "sending" || row.address === null) return undefined;
    const obstacle = await obstacleTo(tx, row.address, row.contactId, message.topic);
    if (obstacle) {
      await settle(tx, row, { state: "suppressed", reason: obstacle });
      return undefined;
    }
    const claim = tx.newId();
    await settle(tx, row, {
      state: "handing-over",
      attempts: row.attempts + 1,
      messageId: message.messageId,
      claim,
      claimedAt: tx.now(),
      nextAttemptAt: null,
      reason: null,
      detail: null,
    });
    return claim;
  });
}

/** What has changed since the delivery was queued. */
async function obstacleTo(
  ctx: Context,
  address: string,
  contactId: string | null,
  topic: string,
): Promise<DeliveryInput["reason"]> {
  const found = contactId && (await ctx.repo(contact).first({ where: { id: contactId }, select: ["email"] }));
  if (!found) return "contact-gone";
  if (mailAddress(consentAddress(found.email ?? "")) !== address) return "address-changed";
  const decision = await ctx.service(consents).canSend({ channel: "email", address, topic });
  if (decision.allowed) return undefined;
  return decision.reason === "withdrawn" ? "withdrawn" : "no-consent";
}

/** Settles a queued delivery whose message cannot be made. */
export function failDelivery(ctx: Context, id: string, detail: string): Promise<boolean> {
  return ctx.transaction(async (tx) => {
    const row = await tx.repo(delivery).get(id, { lock: true });
    if (row.state !== "queued") return false;
    await settle(tx, row, { state: "failed", reason: "template-failed", detail: detail.slice(0, 500) });
    return true;
  });
}

/** Writes down how a hand-over ended; only who began it may. */
export function recordHandOver(
  ctx: Context,
  id: string,
  claim: string,
  end: HandOver,
): Promise<Delivery["state"]> {
  return ctx.transaction(async (tx) => {
    const row = await tx.repo(delivery).get(id, { lock: true });
    if (row.claim !== claim) return row.state;
    const verdict = verdictOn(end, row, tx);
    await settle(tx, row, { detail: null, ...verdict, claim: null, claimedAt: null });
    return verdict.state;
  });
}

function verdictOn(end: HandOver, row: Delivery, ctx: Context): Verdict {
  const { detail } = end;
  switch (end.outcome) {
    case "sent":
      return { state: "sent", sentAt: ctx.now() };
    case "rejected":
      return { state: "failed", reason: "rejected", detail };
    case "uncertain":
      return { state: "uncertain", reason: "no-answer", detail };
    case "unreachable":
      // Not this recipient's fault: it does not count as an attempt.
      return { state: "queued", attempts: row.attempts - 1, detail };
    case "later": {
      if (row.attempts >= MAX_ATTEMPTS) return { state: "failed", reason: "busy", detail };
      const at = ctx.clock.now() + FIRST_DELAY_MS * 4 ** (row.attempts - 1);
      return { state: "queued", reason: "busy", detail, nextAttemptAt: toInstant(at) };
    }
  }
}

/**
 * Deliveries whose worker died between taking and finishing them. They may have left: they are marked and listed, and
 * never sent again. The claim stays, so that a worker that was only slow can still say how it ended.
 */
export async function markInterrupted(ctx: Context, mailingId: string, timeoutMs: number): Promise<void> {
  const dead = toInstant(ctx.clock.now() - timeoutMs - GRACE_MS);
  const found = ctx.repo(delivery).stream({
    where: { mailingId, state: "handing-over", claimedAt: { lt: dead } },
    select: ["id"],
  });
  for await (const { id } of found) {
    await ctx.transaction(async (tx) => {
      const row = await tx.repo(delivery).get(id, { lock: true });
      if (row.state === "handing-over") await settle(tx, row, { state: "uncertain", reason: "interrupted" });
    });
  }
}

async function settle(ctx: Context, row: Delivery, patch: Verdict | Partial<DeliveryInput>): Promise<void> {
  await ctx.repo(delivery).update(row.id, patch, { version: row.version });
}
