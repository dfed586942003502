import { type Contact, type Context, contact, isCormError, TransactionConflict } from "@corm/core";
import type { MailAddress } from "./addresses.js";

export interface Sender {
  /** Null where the app does not take such a contact. */
  readonly contact: Contact | null;
  /** Why there is no contact, or null. */
  readonly problem: string | null;
}

/** The contact with the sender's address; made of its name where there is none. Of several, the oldest. */
export async function findSender(ctx: Context, { address, name }: MailAddress): Promise<Sender> {
  const known = await ctx.repo(contact).first({
    where: { email: { in: spellings(address) } },
    orderBy: ["createdAt", "id"],
  });
  if (known) return { contact: known, problem: null };
  try {
    const made = await ctx.savepoint((tx) =>
      tx.repo(contact).create({ ...personName(name, address), email: address }),
    );
    return { contact: made, problem: null };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { contact: null, problem: `the sender was refused as a contact (${error.code})` };
  }
}

/** What a rule of the app says no to, as opposed to a database that is away or busy. */
export function isRefusal(error: unknown): error is Error & { readonly code: string } {
  return isCormError(error) && error.status >= 400 && error.status < 500 && !TransactionConflict.is(error);
}

/** Addresses are compared in lower case here, and may have been entered in another. */
function spellings(address: string): string[] {
  const [local = "", domain = ""] = address.split("@");
  const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);
  const names = local.split(".").map(capital).join(".");
  return [
    ...new Set([address, `${capital(local)}@${domain}`, `${names}@${capital(domain)}`, `${names}@${domain}`]),
  ];
}

/** "Ada Lovelace" and "Lovelace, Ada" as first and last name; one word, or a name without spaces, is the last name. */
export function personName(name: string, address: string): { firstName: string | null; lastName: string } {
  const plain = name.replace(/^["'\s]+|["'\s]+$/g, "");
  if (plain === "" || plain.includes("@")) {
    return { firstName: null, lastName: (address.split("@")[0] ?? "").slice(0, 100) || "?" };
  }
  const [last, first] = plain.split(/\s*,\s*/, 2);
  if (last && first) return { firstName: first.slice(0, 100), lastName: last.slice(0, 100) };
  const words = plain.split(" ");
  const lastName = words.pop() as string;
  return { firstName: words.join(" ").slice(0, 100) || null, lastName: lastName.slice(0, 100) };
}
