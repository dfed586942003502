import { createHash, randomUUID } from "node:crypto";
import type { CustomerInput } from "../app/data.js";
import { actor, tenant } from "../app/identity.js";

const system = {
  id: "id",
  tenantId: "tenant_id",
  createdAt: "created_at",
  updatedAt: "updated_at",
  version: "version",
  deletedAt: "deleted_at",
} as const;

const address = {
  street: "street",
  city: "city",
  region: "region",
  postalCode: "postal_code",
  country: "country",
} as const;

/** Names of the answer, and the columns they come from. */
export const contactColumns = {
  ...system,
  firstName: "first_name",
  lastName: "last_name",
  email: "email",
  phone: "phone",
  title: "title",
  ...address,
  accountId: "account_id",
  birthday: "birthday",
  ownerId: "owner_id",
  externalId: "external_id",
  status: "status",
} as const;

export const accountColumns = {
  ...system,
  name: "name",
  domain: "domain",
  industry: "industry",
  phone: "phone",
  website: "website",
  ...address,
  employees: "employees",
  parentId: "parent_id",
  ownerId: "owner_id",
  externalId: "external_id",
} as const;

export const dealColumns = {
  ...system,
  name: "name",
  stage: "stage",
  amount: "amount",
  currency: "amount_currency",
  closeDate: "close_date",
  accountId: "account_id",
  contactId: "contact_id",
} as const;

/** What an insert of a contact writes, in order. */
export const contactInsert = [...Object.values(contactColumns), "live", "search_text"] as const;

export type Row = Record<string, unknown>;

/** A new contact, as it is answered. */
export function newContact(input: CustomerInput): Row {
  const now = new Date().toISOString();
  return {
    id: newId(),
    tenantId: tenant,
    createdAt: now,
    updatedAt: now,
    version: 1,
    deletedAt: null,
    firstName: input.firstName ?? null,
    lastName: input.lastName,
    email: input.email?.toLowerCase() ?? null,
    phone: input.phone ?? null,
    title: input.title ?? null,
    street: input.street ?? null,
    city: input.city ?? null,
    region: input.region ?? null,
    postalCode: input.postalCode ?? null,
    country: input.country ?? null,
    accountId: input.accountId ?? null,
    birthday: input.birthday ?? null,
    ownerId: input.ownerId ?? null,
    externalId: input.externalId ?? null,
    status: input.status ?? null,
  };
}

/** The entry in the journal that every write leaves, as Corm writes it: with the values before and after, and their digest. */
export function journalEntry(operation: "create" | "update", row: Row, before?: Row): Row {
  const changes: Record<string, unknown> = {};
  for (const name of Object.keys(contactColumns)) {
    if (name in system) continue;
    const [old, fresh] = [before?.[name] ?? null, row[name] ?? null];
    if (old !== fresh) changes[name] = [old, fresh];
  }
  const text = JSON.stringify(changes);
  return {
    id: newId(),
    position: 0,
    entity: "contact",
    record: row["id"],
    operation,
    event: null,
    version: row["version"],
    at: row["updatedAt"],
    changes: text,
    digest: createHash("sha256").update(text).digest("hex"),
    tenant_id: tenant,
    actor_kind: actor.kind,
    actor_id: actor.id,
    user_id: null,
    reason: null,
    cause: `contact.${operation}`,
    request_id: null,
  };
}

export const journalColumns = Object.keys(journalEntry("create", {}));

/** The text that searches read. */
export function searchTextOf(row: Row): string {
  return `${row["firstName"]} ${row["lastName"]} ${row["email"]} ${row["title"]}`.toLowerCase();
}

/** A deal's money, out of its two columns. */
export function withMoney(row: Row): Row {
  const { amount, currency, ...rest } = row;
  return { ...rest, amount: { amount: ((amount as number) / 100).toFixed(2), currency } };
}

/** UUIDv7: ids in the order of time, as Corm's are. */
function newId(): string {
  const time = Date.now().toString(16).padStart(12, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
