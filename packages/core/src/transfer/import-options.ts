import type { TextEncoding } from "./decode-text.js";
import type { ImportPace } from "./progress.js";
import type { ImportTransform } from "./transforms.js";

export type ImportMode = "create" | "update" | "upsert" | "capture";
export type ImportFormat = "csv" | "ndjson" | "xlsx" | "vcard" | "ics";

/**
 * What becomes of a row whose record is there already, by the matching rules of the tenant: `create` writes it where these
 * allow it, `skip` leaves it out, `update` changes the record, `reject` refuses the row.
 */
export type DuplicatePolicy = "create" | "skip" | "update" | "reject";

/** How a file becomes records. Kept with the job, so that a resumed run does the same. */
export interface ImportOptions {
  readonly format: ImportFormat;
  /** `create` (default) adds records, `update` changes those that `on` finds, `upsert` does either, `capture` has the plugin of the entity take them in as from any other channel. */
  readonly mode?: ImportMode;
  /** Fields that find the record of a row: a unique list of the entity; for `update` also `["id"]`. */
  readonly on?: readonly string[];
  /**
   * Field of each column that does not have the field's name; null for a column to leave out. `account.name` finds the
   * record that a reference leads to by a key of its own.
   */
  readonly mapping?: Readonly<Record<string, string | null>>;
  /** Steps that change the text of a column before it is read, by the column's name. */
  readonly transforms?: Readonly<Record<string, readonly ImportTransform[]>>;
  /** Of a workbook. Default: its first sheet. */
  readonly sheet?: string;
  /** What an empty cell does to a record that is there: `keep` (default) its value, or `clear` it. */
  readonly empty?: "keep" | "clear";
  /** Of the mode `create`: what becomes of rows that match a record by a rule. Default `create`. */
  readonly duplicates?: DuplicatePolicy;
  /** Try everything, write nothing. */
  readonly dryRun?: boolean;
  readonly delimiter?: string;
  readonly encoding?: TextEncoding;
}

/** Whether empty cells of a table clear a value: of records that are there, which only some imports find. */
export const clearsEmpty = ({ empty, mode = "create", duplicates }: ImportOptions): boolean =>
  empty === "clear" && (mode !== "create" || duplicates === "update");

/** Where an import stands. */
export interface ImportStatus extends ImportPace {
  readonly id: string;
  readonly entity: string;
  /** `reverting` was begun and can be gone on with; `interrupted` can be resumed: the process ended, or the caller hung up. `failed` says why in `problem`. */
  readonly state: "running" | "finished" | "interrupted" | "failed" | "reverting" | "reverted";
  readonly mode: ImportMode;
  readonly dryRun: boolean;
  /** Rows that are decided: accepted and rejected ones. */
  readonly done: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Of the accepted rows, those that were left out as duplicates, and those that changed the record they were found to be. */
  readonly skipped: number;
  readonly matched: number;
  /** Records whose change was taken back, and those that somebody has changed since, which stay. */
  readonly reverted: number;
  readonly kept: number;
  readonly problem: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}
