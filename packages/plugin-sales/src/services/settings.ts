import { type Calendars, type Context, defineService, type Money } from "@corm/core";

/** What the app has said about sales. */
export interface SalesSettings {
  /** IANA zone of the seller: by its clock days begin and end. */
  readonly timeZone: string;
  /** Who offers, as documents name him. */
  readonly seller: string | null;
  /** Days that a quote can be accepted where it does not say itself. */
  readonly quoteDays: number;
  /** From whom invitations come, and to whom guests answer. */
  readonly mailFrom: { readonly address: string; readonly name?: string | undefined } | undefined;
  /** Beyond these a quote wants approval before it is sent. */
  readonly approval: {
    /** Of all discounts together, per cent of the list prices. */
    readonly discountPercent: number | null;
    readonly total: Money | null;
  };
  readonly calendars: Calendars;
}

export const salesSettings = defineService<SalesSettings>("sales.settings");

export const settingsOf = (ctx: Context): SalesSettings => ctx.service(salesSettings);
