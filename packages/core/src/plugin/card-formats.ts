import type { ExtensionPoint } from "../context/extension-point.js";

/** Columns of a vCard, by the names of its properties. */
export const VCARD_COLUMNS = [
  "UID",
  "FN",
  "N.family",
  "N.given",
  "EMAIL",
  "TEL",
  "TITLE",
  "ORG",
  "ADR.street",
  "ADR.locality",
  "ADR.region",
  "ADR.code",
  "ADR.country",
  "BDAY",
  "URL",
  "NOTE",
  "EMAIL.more",
  "TEL.more",
] as const;
export type VcardColumn = (typeof VCARD_COLUMNS)[number];

/** Columns of an event or a to-do of a calendar; `KIND` is its category, or which of the two it is. */
export const ICS_COLUMNS = ["UID", "KIND", "SUMMARY", "DESCRIPTION", "DTSTART", "COMPLETED"] as const;
export type IcsColumn = (typeof ICS_COLUMNS)[number];

/**
 * Which fields of an entity its cards are made of, as `{ "N.family": "lastName" }`. `ORG` may be the key of a record that a
 * reference leads to, as `account.name`: it is written, and read where an import's `mapping` says so. `EMAIL.more` and
 * `TEL.more` may be `contactPoint.email` and `contactPoint.phone`: they are read.
 */
export type CardFormat =
  | {
      readonly entity: string;
      readonly format: "vcard";
      readonly columns: Readonly<Partial<Record<VcardColumn, string>>>;
    }
  | {
      readonly entity: string;
      readonly format: "ics";
      readonly columns: Readonly<
        Partial<Record<IcsColumn, string>> & Record<"SUMMARY" | "DTSTART" | "KIND", string>
      >;
      /** The kind of what is a to-do, and of events whose category is none of the kinds. */
      readonly todo: string;
      readonly event: string;
    };

/** Where plugins say which of their records are people on vCards, or have a place in calendars. */
export const cardFormats: ExtensionPoint<CardFormat> = { name: "crm.cardFormats" };
