import type { Context } from "../context/context.js";
import type { JournalEntry } from "../context/journal.js";

/** An entry with its place in the order of its tenant, which has no gaps: 1, 2, 3, … */
export interface SubscribedEntry extends JournalEntry {
  readonly position: number;
}

export interface SubscriberDefinition {
  readonly name: string;
  readonly capability: string;
  readonly from: "beginning" | "now";
  readonly batch: number;
  readonly handle: (entries: readonly SubscribedEntry[], tx: Context) => Promise<void>;
}

export interface SubscriberDeclaration {
  /** A declared capability, with whose rights it works. */
  readonly capability: string;
  /** Where it starts in a tenant that it has not read yet. Default `beginning`. */
  readonly from?: "beginning" | "now";
  /** Entries of one transaction, 1 to 500. Default 100. */
  readonly batch?: number;
  /**
   * Every entry of a tenant, in order. What is written through `tx` is committed together with the cursor, once for each
   * entry. Where it throws, the same entries come again, ever more slowly: what one entry can be blamed for is to be noted
   * with that entry and not thrown.
   */
  readonly handle: (entries: readonly SubscribedEntry[], tx: Context) => Promise<void>;
}

/**
 * Declares a reader of the journal that the workers of an app run, in every tenant. List it in the plugin's `subscribers`.
 *
 * @param name `plugin.subscriberName`; its cursors bear it
 * @example
 * export const index = defineSubscriber("search.index", {
 *   capability: "search.index",
 *   handle: async (entries, tx) => { … },
 * });
 */
export function defineSubscriber(name: string, options: SubscriberDeclaration): SubscriberDefinition {
  const { capability, from = "beginning", batch = 100, handle } = options;
  return { name, capability, from, batch, handle };
}
