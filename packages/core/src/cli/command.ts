import type { Crm } from "../kernel/crm.js";

/** Where a command writes. */
export interface Output {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

/** What a command is given besides what it writes to. */
export interface CommandCall {
  /** On the database of `--database`, without plugins: core's own tables are all that it knows. */
  readonly crm: Crm;
  readonly options: Readonly<Record<string, string | undefined>>;
}

/** One subcommand. Answers the exit code: 0 all is well, 1 it is not. */
export interface Command {
  /** `audit verify`. */
  readonly name: string;
  readonly summary: string;
  /** Names of options that it takes besides `--database` and `--secret`, with what they mean. */
  readonly options: Readonly<Record<string, string>>;
  readonly run: (call: CommandCall, output: Output) => Promise<number>;
}
