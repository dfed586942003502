import { openAsBlob } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { isCormError } from "../errors/corm-error.js";
import type { ImportStatus } from "../transfer/import-options.js";
import { baseOf } from "./base-of.js";
import type { Command, CommandCall, Output } from "./command.js";

const TYPES: Readonly<Record<string, string>> = {
  ".csv": "text/csv",
  ".txt": "text/csv",
  ".tsv": "text/csv",
  ".ndjson": "application/x-ndjson",
  ".jsonl": "application/x-ndjson",
  ".vcf": "text/vcard",
  ".ics": "text/calendar",
  ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
};
/** Options that are handed on as they are. */
const HANDED_ON: Readonly<Record<string, string>> = {
  mode: "create, update, upsert or capture; default: create.",
  on: "Fields that find the record of a row: externalId.",
  mapping: 'Fields of columns as JSON: {"Surname":"lastName","Firm":"account.name"}.',
  transforms: 'Steps on the text of columns as JSON: {"Born":["dayFirst"]}.',
  empty: "What an empty cell does to a record that is there: keep or clear.",
  duplicates: "Rows that match a record by a rule: create, skip, update or reject.",
  dryRun: "true tries everything and writes nothing.",
  delimiter: "Between the cells.",
  encoding: "Of the text.",
  sheet: "Of a workbook.",
};
const POLL_MS = 1_000;
const TRIES = 5;

/** Brings a file into a CRM that is served, and shows how far it is. */
export const importCommand: Command = {
  name: "import",
  summary:
    "Bring a file of records into a CRM, over its API; shows how far it is, and keeps what is refused.",
  operand: { name: "file", meaning: "CSV, NDJSON, XLSX, vCard or ICS" },
  options: {
    url: "Where the API is: https://crm.example.com; default: the variable CORM_URL.",
    key: "API key; default: the variable CORM_API_KEY.",
    into: "Path of the entity: contacts.",
    rejected: "File for the rows that are refused; default: beside the file, .rejected.csv.",
    ...HANDED_ON,
  },
  async run({ operand = "", options, env }, output) {
    const base = baseOf(options["url"] ?? env["CORM_URL"] ?? "");
    const key = options["key"] ?? env["CORM_API_KEY"];
    const type = TYPES[extname(operand).toLowerCase()];
    const problem = problemOf(base, key, type, options["into"]);
    if (base === undefined || key === undefined || type === undefined || problem !== undefined) {
      output.error(problem ?? "");
      return 2;
    }
    const api: Api = { base, headers: { authorization: `Bearer ${key}` }, type, file: operand };
    try {
      const status = await brought(api, options, output);
      output.out(
        `${status.accepted} accepted, ${status.rejected} rejected of ${status.done} rows (${status.id})`,
      );
      if (status.rejected === 0) return 0;
      const path = options["rejected"] ?? `${operand}.rejected.csv`;
      await writeFile(path, await (await asked(api, `/api/imports/${status.id}/errors`)).text());
      output.out(`The rows that were refused, with the reasons: ${path}`);
      return 1;
    } catch (error) {
      output.error(isCormError(error) ? error.message : String((error as Error).message));
      return 2;
    }
  },
};

function problemOf(
  base: string | undefined,
  key: string | undefined,
  type: string | undefined,
  into: string | undefined,
): string | undefined {
  if (base === undefined) return "Which API? Give --url, or set CORM_URL.";
  if (!key) return "With which key? Give --key, or set CORM_API_KEY.";
  if (type === undefined)
    return `What is in the file? Its name ends in one of ${Object.keys(TYPES).join(", ")}.`;
  if (!into || !/^[a-z][a-z0-9-]*$/.test(into)) return "Into what? Give --into, such as --into contacts.";
  return undefined;
}

interface Api {
  readonly base: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly type: string;
  readonly file: string;
}

/** Sends the file, and what was cut off once more: what is decided is passed over. */
async function brought(api: Api, options: CommandCall["options"], output: Output): Promise<ImportStatus> {
  const query = new URLSearchParams();
  for (const name of Object.keys(HANDED_ON)) if (options[name] !== undefined) query.set(name, options[name]);
  await stat(api.file);
  const earlier = (await newest(api))?.id;
  let path = `/api/${options["into"]}/import?${query}`;
  for (let tries = 1; ; tries += 1) {
    const watch = watched(api, earlier, output);
    try {
      const body = await openAsBlob(api.file, { type: api.type });
      return (await (await asked(api, path, body)).json()) as ImportStatus;
    } catch (error) {
      const begun = error instanceof Refused ? undefined : await newest(api).catch(() => undefined);
      if (!begun || begun.id === earlier || tries === TRIES) throw error;
      output.error(`The connection was cut off: going on with ${begun.id}.`);
      path = `/api/imports/${begun.id}/resume`;
    } finally {
      watch.stop();
    }
  }
}

/** An answer of the API that says why not: to ask again would be answered the same. */
class Refused extends Error {}

async function asked(api: Api, path: string, body?: Blob): Promise<Response> {
  const response = await fetch(`${api.base}${path}`, {
    headers: { ...api.headers, ...(body ? { "content-type": api.type } : {}) },
    ...(body ? { method: "POST", body } : {}),
  });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; code?: string };
  throw new Refused(`${response.status} ${problem.code ?? ""}: ${problem.detail ?? response.statusText}`);
}

async function newest(api: Api): Promise<ImportStatus | undefined> {
  const page = (await (await asked(api, "/api/imports?limit=1")).json()) as { data: ImportStatus[] };
  return page.data[0];
}

/** Prints how far the import is, once a second, until it is stopped. */
function watched(api: Api, earlier: string | undefined, output: Output): { stop(): void } {
  const timer = setInterval(() => {
    void newest(api).then(
      (job) => {
        if (job && job.id !== earlier && job.state === "running") output.error(lineOf(job));
      },
      () => undefined,
    );
  }, POLL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** `42 % · 12,345 rows · 10,000 rows/s · 3 s left` */
function lineOf({ percent, done, rowsPerSecond, remainingSeconds, rejected }: ImportStatus): string {
  const parts = [
    percent === null ? undefined : `${percent} %`,
    `${done.toLocaleString("en-US")} rows`,
    rejected > 0 ? `${rejected} rejected` : undefined,
    rowsPerSecond === null ? undefined : `${rowsPerSecond.toLocaleString("en-US")} rows/s`,
    remainingSeconds === null ? undefined : `${remainingSeconds} s left`,
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}
