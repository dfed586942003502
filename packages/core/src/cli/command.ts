/** Where a command writes. */
export interface Output {
  readonly out: (line: string) => void;
  readonly error: (line: string) => void;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a command is given besides what it writes to. */
export interface CommandCall {
  readonly operand: string | undefined;
  readonly options: Readonly<Record<string, string | undefined>>;
  readonly env: Environment;
}

/** One subcommand. Answers the exit code: 0 all is well, 1 it is not, 2 for a wrong call. */
export interface Command {
  /** `audit verify`. */
  readonly name: string;
  readonly summary: string;
  /** What must stand behind the name. Default: nothing. */
  readonly operand?: { readonly name: string; readonly meaning: string };
  /** Names of options with what they mean. */
  readonly options: Readonly<Record<string, string>>;
  readonly run: (call: CommandCall, output: Output) => Promise<number>;
}
