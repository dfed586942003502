import {
  type Account,
  type AccountInput,
  account,
  type Contact,
  type ContactInput,
  type Context,
  contact,
} from "@corm/core";
import type { Lead } from "../entities/lead.js";

/** A record that is there, or values of its own for a new one; `null` for none. */
export type TargetChoice<Values> = { readonly id: string } | Values | null | undefined;

type AccountChoice = TargetChoice<{ readonly name?: string | undefined }>;
type ContactChoice = TargetChoice<{
  readonly firstName?: string | undefined;
  readonly lastName?: string | undefined;
}>;

const isExisting = (choice: object | null | undefined): choice is { readonly id: string } =>
  choice != null && "id" in choice;

/** The existing contact that was chosen, locked; null for a new one or none. */
export async function chosenContact(ctx: Context, choice: ContactChoice): Promise<Contact | null> {
  return isExisting(choice) ? ctx.repo(contact).get(choice.id, { lock: true }) : null;
}

/** Fills or creates the account. Answers its id, or null for none. */
export async function settleAccount(
  ctx: Context,
  lead: Lead,
  choice: AccountChoice,
  options: { readonly ownerId: string | null; readonly contact: Contact | null },
): Promise<string | null> {
  if (choice === null) return null;
  // The company that the person is known to work for beats the one that the lead names.
  const id = isExisting(choice) ? choice.id : choice ? null : (options.contact?.accountId ?? null);
  const accounts = ctx.repo(account);
  if (id) {
    const known = await accounts.get(id, { lock: true });
    const patch = gaps<Account, AccountInput>(known, accountValues(lead, options.ownerId));
    if (patch) await accounts.update(id, patch);
    return id;
  }
  const own = choice && "name" in choice ? choice.name : undefined;
  const name = own ?? lead.company ?? (choice ? personName(lead) : null);
  if (!name) return null;
  return (await accounts.create({ ...accountValues(lead, options.ownerId), name })).id;
}

/** Fills or creates the contact. Answers its id, or null for none. */
export async function settleContact(
  ctx: Context,
  lead: Lead,
  choice: ContactChoice,
  options: {
    readonly ownerId: string | null;
    readonly known: Contact | null;
    readonly accountId: string | null;
  },
): Promise<string | null> {
  if (choice === null) return null;
  const contacts = ctx.repo(contact);
  const values = { ...contactValues(lead, options.ownerId), accountId: options.accountId };
  if (options.known) {
    const patch = gaps<Contact, ContactInput>(options.known, values);
    if (patch) await contacts.update(options.known.id, patch);
    return options.known.id;
  }
  const own = choice && !isExisting(choice) ? choice : {};
  const lastName = own.lastName ?? lead.lastName ?? lead.firstName ?? localPart(lead.email) ?? lead.company;
  // Somebody known by nothing but a phone number.
  const firstName = own.firstName ?? (lead.lastName ? lead.firstName : null);
  return (
    await contacts.create({ ...values, firstName, lastName: (lastName ?? lead.phone ?? "?").slice(0, 100) })
  ).id;
}

function accountValues(lead: Lead, ownerId: string | null): Partial<AccountInput> {
  const { website, industry, country } = lead;
  return { website, industry, country, ownerId };
}

function contactValues(lead: Lead, ownerId: string | null): Partial<ContactInput> {
  const { firstName, lastName, email, phone, title } = lead;
  return { firstName, email, phone, title, ownerId, ...(lastName ? { lastName } : {}) };
}

/** Values for the fields that are empty; undefined where there are none. */
function gaps<Row, Input>(known: Row, values: Partial<Input>): Partial<Input> | undefined {
  const patch: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value != null && (known as Record<string, unknown>)[name] === null) patch[name] = value;
  }
  return Object.keys(patch).length > 0 ? (patch as Partial<Input>) : undefined;
}

/** What a person is called; null for somebody without a name. */
export function personName(lead: Lead): string | null {
  return [lead.firstName, lead.lastName].filter(Boolean).join(" ") || null;
}

const localPart = (email: string | null): string | null => email?.split("@")[0] || null;
