import type { Account, Catalog, Contact } from "@corm/core";

/** Variables of a template, with the entity whose fields they have; null for plain values. */
export const ROOTS: ReadonlyMap<string, string | null> = new Map([
  ["contact", "contact"],
  ["account", "account"],
  ["topic", null],
  ["mailing", null],
  ["unsubscribeUrl", null],
]);

/** Of no use in a message, and none of the recipient's business. */
const HIDDEN = new Set(["tenantId", "version", "deletedAt"]);

export function fieldsOf(entity: string, catalog: Catalog): string[] {
  return [...(catalog.entities.get(entity)?.fields.keys() ?? [])].filter((name) => !HIDDEN.has(name));
}

/** One person's values for a template. What has no value is left out, so that it cannot print as a blank. */
export function messageScope(values: {
  readonly contact: Contact & { readonly account?: object | null };
  readonly topic: string;
  readonly mailing: string;
  readonly unsubscribeUrl: string;
}): Record<string, unknown> {
  const { account, ...contact } = values.contact;
  return {
    contact: present(contact),
    account: present((account ?? {}) as Partial<Account>),
    topic: values.topic,
    mailing: values.mailing,
    unsubscribeUrl: values.unsubscribeUrl,
  };
}

function present(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).filter(([name, value]) => value !== null && value !== "" && !HIDDEN.has(name)),
  );
}
