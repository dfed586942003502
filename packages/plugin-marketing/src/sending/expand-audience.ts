import { type Contact, type Context, contact, type Page } from "@corm/core";
import { delivery } from "../entities/delivery.js";
import { type Mailing, mailing } from "../entities/mailing.js";
import { segment } from "../entities/segment.js";
import { subscriptionTopic } from "../entities/subscription-topic.js";
import { audienceOf } from "../segments/audience.js";
import { decideRecipients } from "./recipients.js";

const PAGE = 500;

/**
 * Writes down the recipients of a queued mailing, a page per transaction: memory stays flat, other writers get their
 * turn, and after a crash the pages are gone through again without writing anybody down twice. Two processes that
 * do it at once take turns, since each page locks the mailing.
 *
 * @returns how many deliveries were written
 */
export async function expandAudience(
  ctx: Context,
  queued: Mailing,
  signal: AbortSignal | undefined,
): Promise<number> {
  const of = await ctx.repo(segment).get(queued.segmentId, { withDeleted: true });
  const { key: topic } = await ctx.repo(subscriptionTopic).get(queued.topicId, { withDeleted: true });
  const where = audienceOf(of);
  let written = 0;
  let after: string | null = null;
  do {
    if (signal?.aborted) return written;
    const page: Page<Pick<Contact, "id" | "email">> = await ctx
      .repo(contact)
      .find({ where, select: ["id", "email"], orderBy: ["id"], limit: PAGE, after });
    const count = await whileQueued(ctx, queued.id, async (tx) => {
      const rows = await decideRecipients(tx, { id: queued.id, topic }, page.items);
      await tx.repo(delivery).createMany(rows);
      return rows.length;
    });
    if (count === undefined) return written;
    written += count;
    after = page.next;
  } while (after !== null);
  await whileQueued(ctx, queued.id, (tx) => tx.repo(mailing).update(queued.id, { status: "sending" }));
  return written;
}

/** Undefined where somebody else has finished the queueing, or cancelled the mailing. */
function whileQueued<T>(ctx: Context, id: string, work: (tx: Context) => Promise<T>): Promise<T | undefined> {
  return ctx.transaction(async (tx) => {
    const { status } = await tx.repo(mailing).get(id, { lock: true });
    return status === "queued" ? work(tx) : undefined;
  });
}
