import type { TextEncoding } from "./decode-text.js";

export type ImportMode = "create" | "update" | "upsert";
export type ImportFormat = "csv" | "ndjson";

/** How a file becomes records. Kept with the job, so that a resumed run does the same. */
export interface ImportOptions {
  readonly format: ImportFormat;
  /** `create` (default) adds records, `update` changes those that `on` finds, `upsert` does either. */
  readonly mode?: ImportMode;
  /** Fields that find the record of a row: a unique list of the entity; for `update` also `["id"]`. */
  readonly on?: readonly string[];
  /** Field of each column that does not have the field's name; null for a column to leave out. */
  readonly mapping?: Readonly<Record<string, string | null>>;
  /** What an empty cell does to a record that is there: `keep` (default) its value, or `clear` it. */
  readonly empty?: "keep" | "clear";
  /** Try everything, write nothing. */
  readonly dryRun?: boolean;
  readonly delimiter?: string;
  readonly encoding?: TextEncoding;
}

/** Where an import stands. */
export interface ImportStatus {
  readonly id: string;
  readonly entity: string;
  /** `interrupted` can be resumed: the process ended, or the caller hung up. `failed` says why in `problem`. */
  readonly state: "running" | "finished" | "interrupted" | "failed";
  readonly mode: ImportMode;
  readonly dryRun: boolean;
  /** Rows that are decided: accepted and rejected ones. */
  readonly done: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly problem: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}
