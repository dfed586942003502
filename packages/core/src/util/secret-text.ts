import { inspect } from "node:util";

const HIDDEN = "[secret]";

/** A secret that does not show when it is logged, inspected or made into JSON by accident. */
export interface SecretText {
  /** The text itself. */
  reveal(): string;
}

/**
 * @example
 * const password = secretText(process.env.SMTP_PASSWORD ?? "");
 * console.log({ password }); // { password: [secret] }
 */
export function secretText(text: string): SecretText {
  const hidden = () => HIDDEN;
  const methods = { reveal: () => text, toString: hidden, toJSON: hidden, [inspect.custom]: hidden };
  return Object.freeze(
    Object.defineProperties(
      {},
      Object.fromEntries(Reflect.ownKeys(methods).map((key) => [key, { value: methods[key as "reveal"] }])),
    ),
  ) as SecretText;
}

/** The text of a secret that may be wrapped. */
export function revealed(secret: string | SecretText): string {
  return typeof secret === "string" ? secret : secret.reveal();
}

const PLACEHOLDER = /change.?me|replace.?me|your.?secret|placeholder|^(secret|password|example|default)+$/i;

/** Why a secret is no secret: too short, a placeholder that was never replaced, or much the same letter. */
export function secretProblem(text: string, least = 32): string | undefined {
  if (text.length < least) return `has at least ${least} characters`;
  if (PLACEHOLDER.test(text)) return "is still a placeholder";
  return new Set(text).size < 8 ? "has too few different characters" : undefined;
}
