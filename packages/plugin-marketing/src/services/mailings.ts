import { type Context, defineService } from "@corm/core";
import { countDeliveries, type MailingCounts } from "../actions/mailing-progress.js";
import { type Mailing, mailing } from "../entities/mailing.js";
import { subscriptionTopic } from "../entities/subscription-topic.js";
import { DeliveryInTransaction } from "../errors.js";
import { type MailTransport, openTransport } from "../mail/transport.js";
import type { MailSettings } from "../options.js";
import { markInterrupted } from "../sending/claim.js";
import { expandAudience } from "../sending/expand-audience.js";
import { sendQueued } from "../sending/send-queued.js";

/** What a run of `deliver` left of one mailing. */
export interface MailingRun {
  readonly mailingId: string;
  readonly status: Mailing["status"];
  readonly deliveries: MailingCounts;
  /** Why the run stopped before everything was tried, in the words of the mail server; else null. */
  readonly stopped: string | null;
}

export interface DeliverOptions {
  readonly mailingId?: string;
  readonly signal?: AbortSignal;
}

/** Delivers what `mailing.send` has queued. */
export interface Mailings {
  /**
   * Goes on with every mailing of the tenant that is queued or being sent, or with one of them. Any number of
   * processes may do so at once, and die at any moment: nobody is written to twice. Not inside a transaction.
   * `signal` ends it between two messages; a context's own signal would cut off the bookkeeping of the last one.
   *
   * @throws delivery-in-transaction, mail-not-configured
   */
  deliver(options?: DeliverOptions): Promise<readonly MailingRun[]>;
}

export const mailings = defineService<Mailings>("marketing.mailings");

const BATCH = 100;

export function mailingsOf(caller: Context, settingsOf: () => MailSettings): Mailings {
  return {
    async deliver({ mailingId, signal } = {}) {
      if (caller.inTransaction) throw DeliveryInTransaction({});
      const settings = settingsOf();
      const ctx = caller.asSystem({ capability: "marketing.deliver", reason: "deliver mailings" });
      const due = await ctx.repo(mailing).find({
        where: {
          status: { in: ["queued", "sending"] },
          ...(mailingId === undefined ? {} : { id: mailingId }),
        },
        orderBy: ["queuedAt"],
        limit: BATCH,
      });
      if (due.items.length === 0) return [];
      const transport = await openTransport(settings);
      try {
        const runs: MailingRun[] = [];
        for (const item of due.items) {
          const run = await deliverOne(ctx, item, { settings, transport, signal });
          runs.push(run);
          if (run.stopped !== null || signal?.aborted) break;
        }
        return runs;
      } finally {
        transport.close();
      }
    },
  };
}

interface Means {
  readonly settings: MailSettings;
  readonly transport: MailTransport;
  readonly signal: AbortSignal | undefined;
}

async function deliverOne(
  ctx: Context,
  queued: Mailing,
  { settings, transport, signal }: Means,
): Promise<MailingRun> {
  if (queued.status === "queued") await expandAudience(ctx, queued, signal);
  await markInterrupted(ctx, queued.id, settings.timeoutMs);
  const now = await ctx.repo(mailing).get(queued.id);
  let stopped: string | null = null;
  if (now.status === "sending" && now.content) {
    const topic = await ctx.repo(subscriptionTopic).get(now.topicId, { withDeleted: true });
    const { content } = now;
    stopped = await sendQueued(ctx, { mailing: now, content, topic, settings, transport }, signal);
  }
  const status = await finish(ctx, queued.id);
  return { mailingId: queued.id, status, deliveries: await countDeliveries(queued.id, ctx), stopped };
}

/** A mailing is sent when nothing of it is waiting or under way. */
function finish(ctx: Context, id: string): Promise<Mailing["status"]> {
  return ctx.transaction(async (tx) => {
    const { status } = await tx.repo(mailing).get(id, { lock: true });
    const left = await countDeliveries(id, tx);
    if (status !== "sending" || left.queued + left.handingOver > 0) return status;
    await tx.repo(mailing).update(id, { status: "sent", finishedAt: tx.now() });
    return "sent";
  });
}
