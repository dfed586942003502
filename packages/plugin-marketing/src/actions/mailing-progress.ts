import { type Context, defineAction, type Static, Type } from "@corm/core";
import { delivery } from "../entities/delivery.js";
import { mailing } from "../entities/mailing.js";

const count = Type.Integer();
export const mailingCounts = Type.Object({
  queued: count,
  handingOver: count,
  sent: count,
  failed: count,
  suppressed: count,
  uncertain: count,
});
/** Deliveries of a mailing by state. */
export type MailingCounts = Static<typeof mailingCounts>;

export async function countDeliveries(mailingId: string, ctx: Context): Promise<MailingCounts> {
  const rows = await ctx
    .repo(delivery)
    .aggregate({ where: { mailingId }, groupBy: ["state"], measures: { n: { count: true } } });
  const of = (state: string): number => rows.find((row) => row["state"] === state)?.n ?? 0;
  return {
    queued: of("queued"),
    handingOver: of("handing-over"),
    sent: of("sent"),
    failed: of("failed"),
    suppressed: of("suppressed"),
    uncertain: of("uncertain"),
  };
}

/** `POST /api/mailings/{id}/progress`: how far a mailing has come. */
export const mailingProgress = defineAction({
  name: "progress",
  on: mailing,
  label: "Progress",
  description: "Counts the deliveries of a mailing by state.",
  readOnly: true,
  input: Type.Object({}),
  output: Type.Object({ status: Type.String(), deliveries: mailingCounts }),
  run: async ({ record }, ctx) => ({
    status: record.status,
    deliveries: await countDeliveries(record.id, ctx),
  }),
});
