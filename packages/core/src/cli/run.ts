import { parseArgs } from "node:util";
import { isCormError } from "../errors/corm-error.js";
import { createCrm } from "../kernel/create-crm.js";
import { knexStorage } from "../storage/knex/index.js";
import { CORE_VERSION } from "../util/version.js";
import { auditHeads, auditVerify } from "./audit.js";
import type { Command, Output } from "./command.js";

const COMMANDS: readonly Command[] = [auditVerify, auditHeads];

const COMMON = {
  database: "URL of the database; default: the variable DATABASE_URL.",
  secret: "Of the app, where it is not the generated one; default: the variable CORM_SECRET.",
};

/** Runs one command line. @returns the exit code: 0, 1 where a check found something, 2 for a wrong call */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<number> {
  if (args[0] === "--version") {
    output.out(CORE_VERSION);
    return 0;
  }
  const command = COMMANDS.find(({ name }) => args.slice(0, 2).join(" ") === name);
  if (!command || args.includes("--help")) {
    (command || args.includes("--help") ? output.out : output.error)(usage(command));
    return command || args.includes("--help") ? 0 : 2;
  }
  let options: Record<string, string | undefined>;
  try {
    options = readOptions(command, args.slice(2));
  } catch (error) {
    output.error(`${(error as Error).message}\n${usage(command)}`);
    return 2;
  }
  const url = options["database"] ?? env["DATABASE_URL"];
  if (!url) {
    output.error(`Which database? Give --database, or set DATABASE_URL.\n${usage(command)}`);
    return 2;
  }
  return onDatabase(command, url, options["secret"] ?? env["CORM_SECRET"], options, output);
}

async function onDatabase(
  command: Command,
  url: string,
  secret: string | undefined,
  options: Readonly<Record<string, string | undefined>>,
  output: Output,
): Promise<number> {
  try {
    const crm = await createCrm({
      storage: knexStorage({ url }),
      plugins: [],
      migrate: "off",
      ...(secret ? { secret } : {}),
    });
    try {
      return await command.run({ crm, options }, output);
    } finally {
      await crm.stop();
    }
  } catch (error) {
    if (!isCormError(error) && (error as { code?: string }).code === undefined) throw error;
    output.error((error as Error).message);
    return 2;
  }
}

function readOptions(command: Command, args: readonly string[]): Record<string, string | undefined> {
  const names = Object.keys({ ...command.options, ...COMMON });
  const { values } = parseArgs({
    args: [...args],
    options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
  });
  return values as Record<string, string | undefined>;
}

function usage(command: Command | undefined): string {
  if (!command) {
    const lines = COMMANDS.map(({ name, summary }) => `  corm ${name.padEnd(14)} ${summary}`);
    return [
      "Usage: corm <command> [options]",
      "",
      ...lines,
      "",
      "corm <command> --help tells its options.",
    ].join("\n");
  }
  const options = Object.entries({ ...command.options, ...COMMON }).map(
    ([name, meaning]) => `  --${name.padEnd(10)} ${meaning}`,
  );
  return [`Usage: corm ${command.name} [options]`, "", command.summary, "", ...options].join("\n");
}
