import { type Context, consents, user } from "@corm/core";

/** One plain mailbox: what separates addresses, or says more than one, is none. */
const ADDRESS = /^[^\s@,;:<>"()[\]\\\p{Cc}]{1,64}@[^\s@,;:<>"()[\]\\\p{Cc}]{1,189}$/u;

/** Why an address gets no mail, asked when it would be sent; null where it does. */
export async function mayMail(
  ctx: Context,
  address: string,
  topic: string | undefined,
): Promise<string | null> {
  if (!ADDRESS.test(address)) return "is no single address";
  if (await ctx.repo(user).first({ where: { email: address, active: true }, select: ["id"] })) return null;
  const ledger = ctx.optional(consents);
  if (!ledger) return null;
  const { allowed, reason } = await ledger.canSend({ channel: "email", address, topic: topic ?? "*" });
  if (allowed || (topic === undefined && reason === "no-consent")) return null;
  return reason;
}
