import { type Context, contact, matchMany } from "@corm/core";
import { type Lead, lead } from "../entities/lead.js";
import type { Capture } from "./capture-lead.js";
import { captureSettings } from "./settings.js";

/** Where somebody is known already. */
export interface Place {
  /** The lead that he has. */
  readonly open: Lead | undefined;
  /** The contact that he is, where he has no lead. */
  readonly contactId: string | null;
}

/**
 * Finds people whom addresses do not tell, by the rules of the tenant that block: what they take for the same may not become a
 * second lead. As many queries as one person takes; none where there is no such rule.
 *
 * @returns `twins`: for each the first one of the list who is the same person, himself where there is none
 */
export async function knownByRules(
  ctx: Context,
  captures: readonly Capture[],
  places: readonly Place[],
): Promise<{ readonly places: readonly Place[]; readonly twins: readonly number[] }> {
  const strangers = places.flatMap(({ open, contactId }, i) => (open || contactId !== null ? [] : [i]));
  const twins = places.map((_, i) => i);
  if (strangers.length === 0) return { places, twins };
  const values = strangers.map((i) => (captures[i] as Capture).values);
  const among = await matchMany(ctx, lead, values, { policy: "block" });
  const leads = await leadsOf(
    ctx,
    among.flatMap((matches) => matches.flatMap(({ id }) => id ?? [])),
  );
  const contacts = ctx.service(captureSettings).leadsFromContacts
    ? values.map(() => [])
    : await matchMany(ctx, contact, values, { policy: "block" });
  const found = [...places];
  strangers.forEach((i, n) => {
    const same = (among[n] ?? []).flatMap(({ id }) => (id === null ? [] : (leads.get(id) ?? [])));
    const open = same.find(({ status }) => status !== "converted");
    const converted = same.find(({ convertedContactId }) => convertedContactId !== null);
    const known = contacts[n]?.find(({ id }) => id !== null)?.id ?? null;
    const contactId = open ? null : (known ?? converted?.convertedContactId ?? null);
    found[i] = { open, contactId };
    const twin = among[n]?.find(({ at }) => at !== null)?.at ?? null;
    const first = twin === null ? undefined : strangers[twin];
    if (first !== undefined && !open && contactId === null) {
      twins[i] = twins[first] as number;
      // Whoever he is, that is where the first of them is known.
      found[i] = found[first] as Place;
    }
  });
  return { places: found, twins };
}

async function leadsOf(ctx: Context, ids: readonly string[]): Promise<ReadonlyMap<string, Lead>> {
  const found = new Map<string, Lead>();
  const wanted = [...new Set(ids)];
  for (let i = 0; i < wanted.length; i += 500) {
    const { items } = await ctx
      .repo(lead)
      .find({ where: { id: { in: wanted.slice(i, i + 500) } }, limit: 500 });
    for (const one of items) found.set(one.id, one);
  }
  return found;
}
