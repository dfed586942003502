import type { Walk } from "../access/reach-filter.js";
import type { FieldCipher } from "../encryption/field-cipher.js";
import type { EntityModel } from "../model/entity-model.js";
import type { Filter } from "../storage/filter.js";

/** What a query is read against: the entities as whoever asks may see them, and who that is. A session is one. */
export interface QueryScope {
  readonly tenant: string;
  /** Epoch milliseconds, for relative dates. */
  readonly nowMs: number;
  /** Of bare amounts. */
  readonly currency: string;
  /** Of phone numbers without an international prefix. */
  readonly country: string | undefined;
  /** For conditions on encrypted fields. */
  readonly cipher?: FieldCipher | undefined;
  /** @throws entity-missing */
  entity(name: string): EntityModel;
  /** Records of the tenant that whoever asks may read. */
  visible(entity: EntityModel, withDeleted?: boolean, walk?: Walk): Filter;
}
