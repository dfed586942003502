import type { FieldCipher } from "../encryption/field-cipher.js";
import type { EntityModel } from "../model/entity-model.js";

/** What a query is read against: the entities, and who asks. */
export interface QueryScope {
  readonly entities: ReadonlyMap<string, EntityModel>;
  readonly tenant: string;
  /** Epoch milliseconds, for relative dates. */
  readonly now: number;
  /** Of bare amounts. */
  readonly currency: string;
  /** For conditions on encrypted fields. */
  readonly cipher?: FieldCipher | undefined;
}
