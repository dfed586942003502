import type { Context } from "../context/context.js";
import type { Entity } from "../entity/entity.js";

/** Kinds of address by which a person is recognised. `any` is for fields that hold now one, now the other. */
export type AddressKind = "email" | "phone" | "any";

/** One person: the records that are him, and the addresses that are his alone. */
export interface Subject {
  /** Ids by entity: one person may be a lead and, later, a contact. */
  readonly persons: ReadonlyMap<string, readonly string[]>;
  /** As they were written, and in the form in which they are compared. */
  readonly addresses: Readonly<Record<"email" | "phone", readonly string[]>>;
  /**
   * Ids by entity of other records that are about him, and which nothing in a table leads to any more: they were purged, or
   * what they hung on was.
   */
  readonly also?: ReadonlyMap<string, readonly string[]>;
}

/** What a value is replaced with: computed where something of it must go on, such as an opt-out of an address. */
export type Replacement = (value: unknown, ctx: Context) => unknown;

/** What becomes of a record when the person is erased. `keep` says why nothing does. */
export type Erasure = "delete" | "anonymise" | { readonly keep: string };

type Names<Row> = keyof Row & string;

export interface PersonalDataOptions<Row> {
  /** Its records are people. */
  readonly person?: boolean;
  /** Reference fields that lead to the person, straight or over other records that are declared. */
  readonly by?: readonly Names<Row>[];
  /**
   * Fields that name the record which this one is about, whatever that is: its entity and its id, without a reference. Of what
   * is `attachedTo` a record that is known already.
   */
  readonly on?: { readonly entity: Names<Row>; readonly record: Names<Row> };
  /** Reference fields that lead to a person whom the record is not about, such as a colleague who approved it. */
  readonly unrelated?: readonly Names<Row>[];
  /** Fields that hold an address. Of a person: which are his. Of other records: whom they are about. */
  readonly addresses?: { readonly [K in Names<Row>]?: AddressKind };
  /** Fields in which an address may stand somewhere within. Looked through where no reference says whom the record is about. */
  readonly mentions?: readonly Names<Row>[];
  /** Said once per entity, by the plugin that declares it. */
  readonly erase?: Erasure;
  /**
   * Days that a record is kept at most, at least 1: `erase` is done to it then by every `applyRetention`, without a rule.
   * For what is of use for a while only.
   */
  readonly days?: number;
  /**
   * Fields that stay when the record is anonymised. Every other text, date and JSON is cleared, and what is marked
   * `personal()`, `encrypted()`, `sensitive()` or `secret()`; numbers, instants, words of a list and references stay.
   */
  readonly keep?: readonly Names<Row>[];
  /** What required fields hold afterwards. Default `[erased]` for text. */
  readonly replace?: { readonly [K in Names<Row>]?: Row[K] | Replacement };
  /** Fields that may be about other people as well: they are left out of an export. */
  readonly others?: readonly Names<Row>[];
  /** Fields that hold keys of files: their bytes are removed with the record, and are in an export. */
  readonly files?: readonly Names<Row>[];
  /** False for a record that hangs on the person but is about somebody else: it is left out of an export. */
  readonly isAbout?: (row: Row, subject: Subject) => boolean;
  /** Runs before anything is erased, in a transaction. May run again after a crash. */
  readonly onErase?: (subject: Subject, ctx: Context) => Promise<void>;
}

/** How one entity, or what one plugin adds to it, tells of people. Listed in a plugin's `privacy`. */
export interface PersonalData {
  readonly entity: string;
  readonly options: PersonalDataOptions<Record<string, unknown>>;
}

/**
 * Says whom records are about, and what becomes of them when that person is to be forgotten. An entity that refers to
 * a person needs one, or the app does not start. Several plugins may declare parts of one entity.
 *
 * @example
 * definePersonalData(visit, { by: ["contactId"], erase: "anonymise", keep: ["place"] })
 */
export function definePersonalData<Name extends string, Row, Input, Related>(
  entity: Entity<Name, Row, Input, Related>,
  options: PersonalDataOptions<Row>,
): PersonalData {
  return { entity: entity.name, options: options as PersonalDataOptions<Record<string, unknown>> };
}
