import { filterQuery } from "./filter-query.js";
import type { CallOptions } from "./options.js";
import type { Answer } from "./send/answer.js";
import type { Sender } from "./send/sender.js";

/** What a file is made of. Streams are read once, so that an import is not tried again. */
export type FileBody = ReadableStream<Uint8Array> | Blob | string;

export interface ExportOptions extends CallOptions {
  /** Default `csv`. */
  readonly format?: "csv" | "ndjson" | "xlsx" | "vcard" | "ics";
  /** Of CSV. Default `,`. */
  readonly delimiter?: "," | ";" | "|" | "tab";
  /** Puts a byte order mark in front of CSV, by which Excel knows UTF-8. */
  readonly bom?: boolean;
}

export interface ImportOptions extends CallOptions {
  /** Default `csv`. */
  readonly format?: "csv" | "ndjson" | "xlsx" | "vcard" | "ics";
  /** Default `create`. */
  readonly mode?: "create" | "update" | "upsert" | "capture";
  /** Fields that find the record of a row. */
  readonly on?: readonly string[];
  /** Fields of columns with other names; null leaves a column out. */
  readonly mapping?: Readonly<Record<string, string | null>>;
  /** What an empty cell does to a record that is there. Default `keep`. */
  readonly empty?: "keep" | "clear";
  /**
   * Of the mode `create`, rows that match a record by a rule of the tenant: `create` (default) writes them where the rules
   * allow it, `skip` leaves them out, `update` changes the record, `reject` refuses them.
   */
  readonly duplicates?: "create" | "skip" | "update" | "reject";
  /** Tries everything and writes nothing but the job. */
  readonly dryRun?: boolean;
  readonly delimiter?: "," | ";" | "|" | "tab";
  readonly encoding?: string;
}

/** How far an import has come. */
export interface ImportJob {
  readonly id: string;
  readonly entity: string;
  readonly state: "running" | "finished" | "interrupted" | "failed";
  readonly mode: "create" | "update" | "upsert" | "capture";
  readonly dryRun: boolean;
  /** Rows that are decided: `accepted` and `rejected` together. */
  readonly done: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Of the accepted rows, those that were left out as duplicates, and those that changed the record they were found to be. */
  readonly skipped: number;
  readonly matched: number;
  readonly problem: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
}

/** The imports of the caller. */
export interface Imports {
  get(id: string, options?: CallOptions): Promise<ImportJob>;
  /** The refused rows as CSV, with the reason for each. */
  errors(id: string, options?: CallOptions): Promise<ReadableStream<Uint8Array>>;
  /** Goes on with an import that did not come to its end; takes the same file from its beginning. */
  resume(id: string, file: FileBody, options?: ImportOptions): Promise<ImportJob>;
}

const TYPES = {
  csv: "text/csv",
  ndjson: "application/x-ndjson",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  vcard: "text/vcard",
  ics: "text/calendar",
} as const;
/** A file takes as long as it takes; longer than this no timer can wait. */
const NO_TIMEOUT = 2 ** 31 - 1;

export async function openExport(
  path: string,
  query: Readonly<Record<string, unknown>>,
  options: ExportOptions,
  sender: Sender,
): Promise<ReadableStream<Uint8Array>> {
  const { where, search, select, orderBy, asOf } = query;
  const { format, delimiter, bom } = options;
  const parameters = parametersOf({ format, search, fields: select, sort: orderBy, asOf, delimiter, bom });
  for (const [name, value] of filterQuery(where)) parameters.append(name, value);
  return open(`${path}/export?${parameters}`, options, sender);
}

export async function sendFile(
  path: string,
  file: FileBody,
  options: ImportOptions,
  sender: Sender,
): Promise<Answer> {
  const { format = "csv", mode, on, mapping, empty, duplicates, dryRun, delimiter, encoding } = options;
  const names = { mode, on, empty, duplicates, dryRun, delimiter, encoding };
  const parameters = parametersOf({ ...names, mapping: mapping && JSON.stringify(mapping) });
  const outgoing = {
    method: "POST",
    path: parameters.size > 0 ? `${path}?${parameters}` : path,
    repeat: "once",
    stream: file,
    headers: { "content-type": TYPES[format] },
  } as const;
  return sender.send(outgoing, { timeoutMs: NO_TIMEOUT, ...options });
}

export function createImports(sender: Sender): Imports {
  const at = (id: string) => `/api/imports/${encodeURIComponent(id)}`;
  const job = ({ body }: Answer) => body as ImportJob;
  return {
    get: async (id, options = {}) =>
      job(await sender.send({ method: "GET", path: at(id), repeat: "safe" }, options)),
    errors: (id, options = {}) => open(`${at(id)}/errors`, options, sender),
    resume: async (id, file, { format = "csv", ...options } = {}) =>
      job(await sendFile(`${at(id)}/resume`, file, { format, ...callOf(options) }, sender)),
  };
}

async function open(path: string, options: CallOptions, sender: Sender): Promise<ReadableStream<Uint8Array>> {
  const headers = { accept: "*/*" };
  const response = await sender.open({ method: "GET", path, repeat: "safe", headers }, options);
  return response.body ?? new Blob([]).stream();
}

function callOf({ signal, timeoutMs, headers }: CallOptions): CallOptions {
  return { signal, ...(timeoutMs === undefined ? {} : { timeoutMs }), ...(headers ? { headers } : {}) };
}

function parametersOf(values: Readonly<Record<string, unknown>>): URLSearchParams {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(values))
    if (value !== undefined) parameters.set(name, String(value));
  return parameters;
}
