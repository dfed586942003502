import type { Money } from "@corm/core";

/** A price of a product with the book that it is from. */
export interface Offer {
  readonly entryId: string;
  readonly minQuantity: number;
  readonly unitPrice: Money;
  readonly book: {
    readonly id: string;
    readonly name: string;
    readonly segment: string | null;
    readonly priority: number;
    readonly validFrom: string | null;
  };
}

/**
 * The price that counts: of the books that hold the one for the segment, then the one with the lowest priority, then the
 * one that began last; of that the highest tier that the quantity reaches. A book without such a tier is passed over. Pure.
 */
export function choosePrice(offers: readonly Offer[], quantity: number): Offer | undefined {
  return offers
    .filter(({ minQuantity }) => minQuantity <= quantity)
    .sort((a, b) => compareBooks(a.book, b.book) || b.minQuantity - a.minQuantity)[0];
}

function compareBooks(a: Offer["book"], b: Offer["book"]): number {
  if (a.id === b.id) return 0;
  const bySegment = Number(a.segment === null) - Number(b.segment === null);
  if (bySegment !== 0) return bySegment;
  if (a.priority !== b.priority) return a.priority - b.priority;
  const [from, other] = [a.validFrom ?? "", b.validFrom ?? ""];
  if (from !== other) return from > other ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
