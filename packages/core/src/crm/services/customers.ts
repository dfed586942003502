import type { Context } from "../../context/context.js";
import { type Profile, readProfile } from "../../repository/profile.js";
import type { Session } from "../../runtime/session.js";
import { defineService } from "../../services/define-service.js";
import { account } from "../entities/account.js";
import { contact } from "../entities/contact.js";

/** One customer as a whole. */
export interface Customers {
  /**
   * A contact with the newest records of every kind around him (orders, tickets, campaigns, activities, consents, …) and
   * what plugins add, in one call; what the actor may not see is left out.
   *
   * @param options.limit records of each kind, 1 to 50; default 10
   * @throws not-found
   */
  profile(id: string, options?: { readonly limit?: number }): Promise<Profile>;
  /** The same of an account. */
  accountProfile(id: string, options?: { readonly limit?: number }): Promise<Profile>;
}

export const customers = defineService<Customers>("crm.customers");

export function customersOf(ctx: Context): Customers {
  const session = ctx as Session;
  const read = (name: string, id: string, options?: { readonly limit?: number }) =>
    readProfile(session, session.entity(name), id, options);
  return {
    profile: (id, options) => read(contact.name, id, options),
    accountProfile: (id, options) => read(account.name, id, options),
  };
}
