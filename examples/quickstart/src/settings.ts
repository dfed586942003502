import { parseArgs } from "node:util";
import { UserError } from "./user-error.js";

export const HELP = `Usage: npm start -- [--no-serve] [--json]

Imports the sales data, prints the report, and serves the CRM over HTTP.

  --no-serve   stop after the report
  --json       the report as one JSON object on standard output, everything else on standard error
  --help       this text

Environment:
  DATABASE_URL    sqlite:./.data/corm.db (default), postgres://user:password@host/db, mysql://user:password@host/db
  CORM_DATA_DIR   folder with the four CSV files, or one that holds them in maven-crm-sales/
  CORM_API_KEY    the API key to accept; made and shown once where it is not set
  PORT            3000 (default); 0 takes any free port`;

/** What one run is asked to do. */
export interface Settings {
  readonly help: boolean;
  readonly serve: boolean;
  readonly json: boolean;
  readonly databaseUrl: string;
  readonly dataDir: string | undefined;
  readonly apiKey: string | undefined;
  readonly port: number;
}

/** @throws UserError for an unknown flag or a value that cannot be used */
export function readSettings(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Settings {
  const flags = readFlags(args);
  return {
    help: flags.help ?? false,
    serve: !flags["no-serve"],
    json: flags.json ?? false,
    databaseUrl: given(env["DATABASE_URL"]) ?? "sqlite:./.data/corm.db",
    dataDir: given(env["CORM_DATA_DIR"]),
    apiKey: readApiKey(given(env["CORM_API_KEY"])),
    port: readPort(given(env["PORT"])),
  };
}

function readFlags(args: readonly string[]) {
  const options = {
    "no-serve": { type: "boolean" },
    json: { type: "boolean" },
    help: { type: "boolean", short: "h" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    throw new UserError(`${(error as Error).message.split(". ")[0]}.\n\n${HELP}`);
  }
}

function readPort(text = "3000"): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new UserError(`PORT is a number from 0 to 65535, not "${text}".`);
}

function readApiKey(text: string | undefined): string | undefined {
  if (text === undefined || /^[\x21-\x7e]{32,512}$/.test(text)) return text;
  throw new UserError("CORM_API_KEY is 32 to 512 visible ASCII characters without spaces.");
}

/** An empty variable is as good as none. */
function given(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === "" ? undefined : text;
}
