import {
  type Context,
  contact,
  countryCode,
  normalEmail,
  normalPhone,
  TransactionConflict,
  UniqueViolation,
} from "@corm/core";
import { type TouchpointOfLeadInput, touchpointOfLead } from "../entities/extensions.js";
import { type Lead, type LeadInput, lead } from "../entities/lead.js";
import { giveOut } from "./give-out.js";
import { knownByRules, type Place } from "./known-by-rules.js";
import { captureSettings } from "./settings.js";

export interface Touch {
  /** `form`, `email`, `list`, … */
  readonly channel: string;
  readonly source?: string | undefined;
  /** Default now. */
  readonly at?: string | undefined;
  readonly details?: Readonly<Record<string, string>> | undefined;
}

export interface Capture {
  readonly values: Partial<LeadInput>;
  readonly touch: Touch;
}

export interface Captured {
  /** Null for somebody who is a contact already. */
  readonly leadId: string | null;
  /** The contact that he is already, where he has no open lead. */
  readonly contactId: string | null;
  readonly touchpointId: string;
  /** False where the person was known already. */
  readonly created: boolean;
}

/** People of one call: they are taken in with as many queries as one. */
export const MAX_CAPTURES = 500;
const OPEN = ["new", "working", "qualified"] as const;

/** As `captureLeads`, for one. */
export async function captureLead(ctx: Context, capture: Capture): Promise<Captured> {
  return (await captureLeads(ctx, [capture]))[0] as Captured;
}

/**
 * The one way in for every channel: normalised, compared, and then made a lead or added to who is known; scored and
 * assigned by the hooks of the lead. Who has an open lead with the same e-mail (or, without one, the same phone) gets the
 * touchpoint and what the lead did not know yet; who is a contact gets the touchpoint there; anybody else becomes a lead,
 * once, however often he is among them. Whom a blocking rule of the tenant takes for the same counts as known as well; what other
 * rules find is noted by them. Call it inside a transaction, with the rights of the system. At most 500, answered
 * in their order.
 */
export async function captureLeads(ctx: Context, captures: readonly Capture[]): Promise<Captured[]> {
  const people = captures.map(({ values }) => keyOf(values, ctx.country));
  const leads = await openLeads(ctx, people);
  const contacts = ctx.service(captureSettings).leadsFromContacts
    ? new Map()
    : await knownContacts(ctx, people);
  const known = captures.map((_, i): Place => {
    const key = people[i] ?? null;
    const open = key === null ? undefined : leads.get(key);
    const contactId = open || key === null ? null : ((contacts.get(key) as string | undefined) ?? null);
    return { open, contactId };
  });
  const { places, twins } = await knownByRules(ctx, captures, known);
  const keys = twins.map((twin) => people[twin] ?? twin);
  const made = await createLeads(ctx, captures, keys, places);
  await completeLeads(ctx, captures, keys, places, made);
  const created = new Set<string>();
  const results = captures.map((_, i) => {
    const { open, contactId } = places[i] as Place;
    const fresh = made.get(keys[i] as string | number);
    const leadId = open?.id ?? fresh?.id ?? null;
    const isNew = fresh !== undefined && !created.has(fresh.id);
    if (fresh) created.add(fresh.id);
    return { leadId, contactId, created: isNew };
  });
  const points = await ctx.repo(touchpointOfLead).createMany(
    results.map(({ leadId, contactId }, i): TouchpointOfLeadInput => {
      const { channel, source, at, details } = (captures[i] as Capture).touch;
      const kept = details && Object.keys(details).length > 0 ? { ...details } : null;
      return {
        channel,
        source: source ?? null,
        capturedAt: at ?? ctx.now(),
        details: kept,
        leadId,
        contactId,
      };
    }),
  );
  await giveOut(ctx, [...made.values()]);
  return results.map((result, i) => ({ ...result, touchpointId: (points[i] as { id: string }).id }));
}

/** What a person is known by: an e-mail, or else a phone; null for neither. */
function keyOf({ email, phone, country }: Partial<LeadInput>, ofApp: string | undefined): string | null {
  if (email) return normalEmail(email);
  return phone ? phoneKey(normalPhone(phone, country && countryCode(country) ? country : ofApp)) : null;
}

export const phoneKey = (phone: string): string => `tel:${phone.trim()}`;

const unique = (keys: readonly (string | null)[]): string[] => [
  ...new Set(keys.filter((key) => key !== null)),
];
const emailsOf = (keys: readonly (string | null)[]) => unique(keys).filter((key) => !key.startsWith("tel:"));
const phonesOf = (keys: readonly (string | null)[]) =>
  unique(keys).flatMap((key) => (key.startsWith("tel:") ? [key.slice(4)] : []));

async function openLeads(ctx: Context, keys: readonly (string | null)[]): Promise<Map<string, Lead>> {
  const [emails, phones] = [emailsOf(keys), phonesOf(keys)];
  const found = new Map<string, Lead>();
  if (emails.length + phones.length === 0) return found;
  const rows = ctx.repo(lead).stream({
    where: { status: { in: OPEN }, or: [{ email: { in: emails } }, { phone: { in: phones } }] },
    orderBy: ["createdAt", "id"],
    limit: 500,
  });
  const wanted = new Set(keys);
  for await (const row of rows) {
    // The oldest one, where there are several.
    for (const key of [row.email, row.phone && phoneKey(row.phone)])
      if (key && wanted.has(key) && !found.has(key)) found.set(key, row as Lead);
  }
  return found;
}

async function knownContacts(ctx: Context, keys: readonly (string | null)[]): Promise<Map<string, string>> {
  const emails = emailsOf(keys);
  const found = new Map<string, string>();
  if (emails.length === 0) return found;
  const rows = ctx.repo(contact).stream({
    where: { email: { in: emails } },
    select: ["id", "email"],
    orderBy: ["createdAt", "id"],
    limit: 500,
  });
  for await (const { id, email } of rows) {
    const key = normalEmail(email as string);
    if (!found.has(key)) found.set(key, id);
  }
  return found;
}

/** By key, or by place for people who are known by nothing. */
type Made = Map<string | number, Lead>;

async function createLeads(
  ctx: Context,
  captures: readonly Capture[],
  keys: readonly (string | number)[],
  places: readonly Place[],
): Promise<Made> {
  const fresh = new Map<string | number, Partial<LeadInput>>();
  for (const [i, { values }] of captures.entries()) {
    const { open, contactId } = places[i] as Place;
    if (open || contactId !== null) continue;
    const key = keys[i] as string | number;
    // Twice in one list: one lead, with what either of the two says.
    fresh.set(key, { ...withoutNothing(values), ...withoutNothing(fresh.get(key) ?? {}) });
  }
  if (fresh.size === 0) return new Map();
  const inputs = [...fresh].map(([key, values]) => ({
    ...values,
    captureKey: typeof key === "string" ? key : null,
  }));
  try {
    const rows = await ctx.savepoint((tx) => tx.repo(lead).createMany(inputs));
    return new Map([...fresh.keys()].map((key, i) => [key, rows[i] as Lead]));
  } catch (error) {
    if (!UniqueViolation.is(error) || inputs.every(({ captureKey }) => captureKey === null)) throw error;
    // Another transaction captured one of them at this moment: begin again, and find the lead.
    throw TransactionConflict({ reason: "a person was captured twice at one moment" }, { cause: error });
  }
}

const withoutNothing = (values: Partial<LeadInput>): Partial<LeadInput> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value != null));

/** Fills what is empty; what somebody has entered stays. */
async function completeLeads(
  ctx: Context,
  captures: readonly Capture[],
  keys: readonly (string | number)[],
  places: readonly Place[],
  made: Made,
): Promise<void> {
  const patches = new Map<string, Record<string, unknown>>();
  for (const [i, { values }] of captures.entries()) {
    const { open } = places[i] as Place;
    if (!open || made.has(keys[i] as string | number)) continue;
    const patch = patches.get(open.id) ?? {};
    for (const [name, value] of Object.entries(values)) {
      const empty = (open as unknown as Record<string, unknown>)[name] === null && !(name in patch);
      if (value != null && empty) patch[name] = value;
    }
    if (Object.keys(patch).length > 0) patches.set(open.id, patch);
  }
  if (patches.size === 0) return;
  await ctx.repo(lead).updateMany([...patches].map(([id, patch]) => ({ id, patch })));
}
