import { parseArgs } from "node:util";
import { CORE_VERSION } from "../util/version.js";
import { auditHeads, auditVerify } from "./audit.js";
import { clientTypesCommand } from "./client.js";
import type { Command, CommandCall, Environment, Output } from "./command.js";
import { dictionaryCommand } from "./dictionary.js";
import { importCommand } from "./import.js";
import { workerCommand } from "./worker.js";

const COMMANDS: readonly Command[] = [
  auditVerify,
  auditHeads,
  clientTypesCommand,
  dictionaryCommand,
  importCommand,
  workerCommand,
];

/** Runs one command line. @returns the exit code: 0, 1 where a check found something, 2 for a wrong call */
export async function runCli(args: readonly string[], env: Environment, output: Output): Promise<number> {
  if (args[0] === "--version") {
    output.out(CORE_VERSION);
    return 0;
  }
  const command = COMMANDS.find(({ name }) => args.slice(0, wordsOf(name)).join(" ") === name);
  if (!command || args.includes("--help")) {
    (command || args.includes("--help") ? output.out : output.error)(usage(command));
    return command || args.includes("--help") ? 0 : 2;
  }
  let call: CommandCall;
  try {
    call = { ...readCall(command, args.slice(wordsOf(command.name))), env };
  } catch (error) {
    output.error(`${(error as Error).message}\n${usage(command)}`);
    return 2;
  }
  return command.run(call, output);
}

const wordsOf = (name: string): number => name.split(" ").length;

function readCall({ options, operand }: Command, args: readonly string[]): Omit<CommandCall, "env"> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.keys(options).map((name) => [name, { type: "string" as const }])),
    allowPositionals: operand !== undefined,
  });
  if (operand && positionals.length !== 1) throw new Error(`Give one <${operand.name}>: ${operand.meaning}.`);
  return { operand: positionals[0], options: values as CommandCall["options"] };
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
  const { name, summary, operand } = command;
  const options = Object.entries(command.options).map(
    ([option, meaning]) => `  --${option.padEnd(10)} ${meaning}`,
  );
  const place = operand ? ` <${operand.name}>` : "";
  const first = operand ? [`  ${`<${operand.name}>`.padEnd(12)} ${operand.meaning}`] : [];
  return [`Usage: corm ${name}${place} [options]`, "", summary, "", ...first, ...options].join("\n");
}
