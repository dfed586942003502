import type { Context } from "../context/context.js";
import { defineProfileDimension } from "../timeline/define-profile-dimension.js";
import { account } from "./entities/account.js";
import { accountContact } from "./entities/account-contact.js";
import { contact } from "./entities/contact.js";

const MOST = 50;

/** Roles at other accounts, the newest first. */
export const accountsOfContact = defineProfileDimension({
  on: contact,
  name: "affiliations",
  read: (ctx, id) => rolesOf(ctx, { contactId: id }, "account"),
});

/** People with roles at the account. */
export const contactsOfAccount = defineProfileDimension({
  on: account,
  name: "affiliations",
  read: (ctx, id) => rolesOf(ctx, { accountId: id }, "contact"),
});

async function rolesOf(
  ctx: Context,
  where: { readonly contactId: string } | { readonly accountId: string },
  include: "account" | "contact",
) {
  if (!(await ctx.can("read", accountContact))) return undefined;
  const { items, next } = await ctx
    .repo(accountContact)
    .find({ where, include: [include], orderBy: ["-createdAt"], limit: MOST });
  return { more: next !== null, items };
}
