import { account, type Contact, type Context, contact, matchMany } from "@corm/core";
import type { Lead } from "../entities/lead.js";

export interface Match {
  readonly id: string;
  readonly name: string;
  /** What they have in common. */
  readonly by: string;
}

const MAX = 10;

/**
 * Records that the lead may be already, as the caller may see them: who may convert need not learn of others. Those that the
 * tenant's own rules find come first, then those with an equal address or name.
 */
export async function matchesOf(ctx: Context, lead: Lead): Promise<{ accounts: Match[]; contacts: Match[] }> {
  const { firstName, lastName, title, email, phone, country, company, website, industry } = lead;
  const person = { firstName, lastName, title, email, phone, country };
  const firm = { name: company, website, industry, phone, country };
  const [accounts, contacts] = [await byRules(ctx, account, firm), await byRules(ctx, contact, person)];
  return {
    accounts: united(accounts, await accountsLike(ctx, lead)),
    contacts: united(contacts, await contactsLike(ctx, lead)),
  };
}

function united(first: readonly Match[], then: readonly Match[]): Match[] {
  const known = new Set(first.map(({ id }) => id));
  return [...first, ...then.filter(({ id }) => !known.has(id))].slice(0, MAX);
}

async function byRules(
  ctx: Context,
  entity: typeof account | typeof contact,
  values: Readonly<Record<string, unknown>>,
): Promise<Match[]> {
  const [matches = []] = await matchMany(ctx, entity, [values]);
  const ids = matches.flatMap(({ id }) => id ?? []).slice(0, MAX);
  if (ids.length === 0) return [];
  const names = new Map<string, string>();
  const query = { where: { id: { in: ids } }, limit: MAX };
  if (entity.name === "account")
    for (const one of (await ctx.repo(account).find(query)).items) names.set(one.id, one.name);
  else for (const one of (await ctx.repo(contact).find(query)).items) names.set(one.id, fullName(one));
  return matches.flatMap(({ id, rules }) => {
    const name = id === null ? undefined : names.get(id);
    return id === null || name === undefined ? [] : [{ id, name, by: rules.join(", ") }];
  });
}

const fullName = ({ firstName, lastName }: Contact): string =>
  [firstName, lastName].filter(Boolean).join(" ");

async function contactsLike(ctx: Context, { email, phone }: Lead): Promise<Match[]> {
  const same = [...(email ? [{ email }] : []), ...(phone ? [{ phone }] : [])];
  if (same.length === 0) return [];
  const { items } = await ctx
    .repo(contact)
    .find({ where: { or: same }, orderBy: ["createdAt", "id"], limit: MAX });
  return items.map((one) => ({
    id: one.id,
    name: fullName(one),
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
