import { account, type Context, contact } from "@corm/core";
import type { Lead } from "../entities/lead.js";

export interface Match {
  readonly id: string;
  readonly name: string;
  /** What they have in common. */
  readonly by: string;
}

const MAX = 10;

/** Records that the lead may be already, as the caller may see them: who may convert need not learn of others. */
export async function matchesOf(ctx: Context, lead: Lead): Promise<{ accounts: Match[]; contacts: Match[] }> {
  return { accounts: await accountsLike(ctx, lead), contacts: await contactsLike(ctx, lead) };
}

async function contactsLike(ctx: Context, { email, phone }: Lead): Promise<Match[]> {
  const same = [...(email ? [{ email }] : []), ...(phone ? [{ phone }] : [])];
  if (same.length === 0) return [];
  const { items } = await ctx
    .repo(contact)
    .find({ where: { or: same }, orderBy: ["createdAt", "id"], limit: MAX });
  return items.map((one) => ({
    id: one.id,
    name: [one.firstName, one.lastName].filter(Boolean).join(" "),
    by: email !== null && one.email === email ? "email" : "phone",
  }));
}

async function accountsLike(ctx: Context, { company, email, website }: Lead): Promise<Match[]> {
  const domains = [email?.split("@")[1], hostOf(website)].filter((domain) => domain !== undefined);
  const same = [
    ...(company ? [{ name: company }] : []),
    ...(domains.length > 0 ? [{ domain: { in: domains } }] : []),
  ];
  if (same.length === 0) return [];
  const { items } = await ctx
    .repo(account)
    .find({ where: { or: same }, orderBy: ["createdAt", "id"], limit: MAX });
  return items.map((one) => ({ id: one.id, name: one.name, by: one.name === company ? "name" : "domain" }));
}

function hostOf(website: string | null): string | undefined {
  if (!website) return undefined;
  try {
    return new URL(website.includes("//") ? website : `https://${website}`).hostname.replace(/^www\./, "");
  } catch {
    return undefined;
  }
}
