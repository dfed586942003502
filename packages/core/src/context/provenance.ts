/** Where the values of a write are from, as whoever writes them says. What core knows by itself is kept beside it. */
export interface Origin {
  /** What they were taken from, such as `trade register`: 1 to 100 characters. */
  readonly source: string;
  /** What it is there: an import, a form, a page, a document. At most 200 characters. */
  readonly reference?: string | undefined;
  /** How sure they are, from 0 to 1. Left out where nobody has judged that. */
  readonly confidence?: number | undefined;
}

/** Where the value is from that a field has now. */
export interface FieldProvenance {
  /**
   * What the writer named, or what core knows: `import`, `form`, `capture`, `mail`, `conversion`, `merge`; or else the kind
   * of the actor, `user`, `apiKey`, `public` or `system`.
   */
  readonly source: string;
  /** Of the source: the id of the import, form, message, lead or merge. */
  readonly reference: string | null;
  /** From 0 to 1; null where nobody said. */
  readonly confidence: number | null;
  /** Instant of the write. */
  readonly at: string;
  /** Who wrote it. `userId`: in whose name an actor of another kind worked. */
  readonly actor: { readonly kind: string; readonly id: string | null; readonly userId: string | null };
  /** The operations that it was written inside of, outermost first: `["lead.convert", "contact.create"]`. */
  readonly cause: readonly string[];
}

/** By field. What the reader does not see, and what is empty, is not in it. */
export type RecordProvenance = Readonly<Record<string, FieldProvenance>>;
