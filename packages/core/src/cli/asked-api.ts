import { baseOf } from "./base-of.js";
import type { CommandCall } from "./command.js";

/** The API that a command asks. */
export interface AskedApi {
  readonly base: string;
  /** Undefined: asked without one. */
  readonly key: string | undefined;
}

/** Of `<url>` and `--key`; what is wrong with them, in words, where they name no API. */
export function askedApi({ operand = "", options, env }: CommandCall): AskedApi | string {
  const base = baseOf(operand);
  if (base === undefined) return `"${operand}" is no URL of an API: give one such as https://crm.example.com`;
  const key = options["key"] ?? (env["CORM_API_KEY"] || undefined);
  if (key !== undefined && !/^[\x21-\x7e]+$/.test(key))
    return "The key has characters that no key has, such as spaces or line ends.";
  return { base, key };
}
