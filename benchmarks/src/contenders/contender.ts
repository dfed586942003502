import type { CustomerInput } from "../app/data.js";

export interface Listed {
  readonly items: readonly object[];
  /** Where the next page begins, in the contender's own form; null at the end. */
  readonly next: unknown;
}

/** The same work, done in one way. Answers of all contenders are equal, and so are the rows they write. */
export interface Contender {
  readonly name: string;
  create(input: CustomerInput): unknown;
  get(id: string): unknown;
  /** 50 customers by last name. */
  list(after: unknown): Promise<Listed> | Listed;
  /** 50 open deals, the latest first, with account and contact. */
  listIncluding(after: unknown): Promise<Listed> | Listed;
  update(id: string, phone: string): unknown;
  bulk(inputs: readonly CustomerInput[]): unknown;
  /** Won amounts by month. */
  monthly(): Promise<readonly object[]> | readonly object[];
  /** The hash of a live API key, for handlers that are written by hand. */
  keyHash?(prefix: string): Promise<string | undefined> | string | undefined;
  close(): Promise<void> | void;
}

export const pageSize = 50;
