import { type Contact, type Context, contact, isCormError } from "@corm/core";
import { type Delivery, delivery } from "../entities/delivery.js";
import type { Mailing, MailingContent } from "../entities/mailing.js";
import type { SubscriptionTopic } from "../entities/subscription-topic.js";
import { composeMail, messageIdOf } from "../mail/compose.js";
import type { MailTransport } from "../mail/transport.js";
import { unsubscribeUrl } from "../mail/unsubscribe-token.js";
import type { MailSettings } from "../options.js";
import { renderMessage } from "../templates/render.js";
import { messageScope } from "../templates/variables.js";
import { claimDelivery, failDelivery, recordHandOver } from "./claim.js";

const PAGE = 100;

/** One mailing under way, with everything that its messages are made of. */
export interface SendingMailing {
  readonly mailing: Mailing;
  readonly content: MailingContent;
  readonly topic: SubscriptionTopic;
  readonly settings: MailSettings;
  readonly transport: MailTransport;
}

type Queued = Pick<Delivery, "id" | "contactId" | "address">;
interface Addressed extends Queued {
  readonly address: string;
  readonly recipient: Contact | undefined;
}

/**
 * Hands over what is queued and due, `connections` messages at a time, until nothing is left or `signal` says so.
 * Messages under way are finished in any case.
 *
 * @returns what made it stop early: words of the mail server that cannot be reached; else null
 */
export async function sendQueued(
  ctx: Context,
  sending: SendingMailing,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  let stopped: string | null = null;
  let broken = false;
  const queue = queuedDeliveries(ctx, sending.mailing.id);
  // One iterator for all lanes: none of them gets what another one has.
  const lane = async (): Promise<void> => {
    try {
      while (stopped === null && !broken && !signal?.aborted) {
        const { done, value } = await queue.next();
        if (done) return;
        stopped ??= await sendOne(ctx, sending, value);
      }
    } catch (error) {
      broken = true;
      throw error;
    }
  };
  const lanes = Array.from({ length: sending.settings.connections }, lane);
  const failed = (await Promise.allSettled(lanes)).find((end) => end.status === "rejected");
  if (failed) throw failed.reason;
  return stopped;
}

/** Who is due, in the order of their ids, a page at a time with the people's records. */
async function* queuedDeliveries(ctx: Context, mailingId: string): AsyncGenerator<Addressed, void> {
  let last: string | null = null;
  for (;;) {
    const due = { or: [{ nextAttemptAt: null }, { nextAttemptAt: { lte: ctx.now() } }] };
    const page: { items: Queued[]; next: string | null } = await ctx.repo(delivery).find({
      where: { mailingId, state: "queued", ...due },
      select: ["id", "contactId", "address"],
      orderBy: ["id"],
      limit: PAGE,
      after: last,
    });
    const ids = page.items.map((row) => row.contactId).filter((id) => id !== null);
    const people = await ctx
      .repo(contact)
      .find({ where: { id: { in: ids } }, include: ["account"], limit: PAGE });
    const byId = new Map(people.items.map((person) => [person.id, person]));
    for (const row of page.items) {
      if (row.address === null) continue;
      yield { ...row, address: row.address, recipient: row.contactId ? byId.get(row.contactId) : undefined };
    }
    if (page.next === null) return;
    last = page.next;
  }
}

/** @returns why the server cannot be reached; null where the next one may be tried */
async function sendOne(ctx: Context, sending: SendingMailing, queued: Addressed): Promise<string | null> {
  const { settings, topic, content, mailing, transport } = sending;
  const { id, address, recipient } = queued;
  const link = { tenant: ctx.tenant, address, topic: topic.key, delivery: id };
  const url = unsubscribeUrl(ctx.tokens, settings.publicUrl, link);
  let message: Awaited<ReturnType<typeof renderMessage>> | undefined;
  if (recipient) {
    const scope = messageScope({
      contact: recipient,
      topic: topic.name,
      mailing: mailing.name,
      unsubscribeUrl: url,
    });
    try {
      message = await renderMessage(content, scope);
    } catch (error) {
      if (!isCormError(error)) throw error;
      await failDelivery(ctx, id, error.message);
      return null;
    }
  }
  const { from } = settings;
  const messageId = messageIdOf(id, from.address);
  const claim = await claimDelivery(ctx, id, { topic: topic.key, messageId });
  if (claim === undefined || !message) return null;
  const mail = composeMail({ from, to: address, message, unsubscribeUrl: url, id, date: ctx.clock.now() });
  const end = await transport.handOver(mail);
  await recordHandOver(ctx, id, claim, end);
  return end.outcome === "unreachable" ? end.detail : null;
}
