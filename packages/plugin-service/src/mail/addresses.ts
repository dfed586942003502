import { cleanLine } from "./clean-text.js";

export interface MailAddress {
  /** In lower case. */
  readonly address: string;
  /** As the sender wrote it; may be empty. */
  readonly name: string;
}

/** One address and nothing else: no list, no group, no name, no quoted part, no line break, no comment. */
const PLAIN =
  /^[^\s@<>()[\]\\,;:"\p{Cc}\p{Surrogate}]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}\p{N}-]{2,63}$/u;

export function isPlainAddress(text: string): boolean {
  return text.length <= 254 && !text.includes("..") && PLAIN.test(text);
}

/** The address in lower case where it is one plain address, else undefined. */
export function plainAddress(text: string | undefined): string | undefined {
  const trimmed = text?.trim() ?? "";
  return isPlainAddress(trimmed) ? trimmed.toLowerCase() : undefined;
}

interface ParsedAddress {
  readonly name: string;
  readonly address?: string | undefined;
  readonly group?: readonly ParsedAddress[] | undefined;
}

/** What a parser of headers found, groups unwrapped, without what is no address; at most `max`. */
export function mailAddresses(parsed: readonly ParsedAddress[] | undefined, max: number): MailAddress[] {
  const found: MailAddress[] = [];
  for (const entry of parsed ?? []) {
    for (const { name, address } of entry.group ?? [entry]) {
      if (found.length >= max) return found;
      const plain = plainAddress(address);
      if (plain) found.push({ address: plain, name: cleanLine(name, 200) });
    }
  }
  return found;
}

/** `support+tag@example.com` as its base `support@example.com` and its tag; null where it has none. */
export function splitTag(address: string): { readonly base: string; readonly tag: string } | null {
  const at = address.lastIndexOf("@");
  const plus = address.lastIndexOf("+", at);
  if (at < 1 || plus < 1) return null;
  return { base: address.slice(0, plus) + address.slice(at), tag: address.slice(plus + 1, at) };
}

/** `support@example.com` with a tag, or undefined where the part before the @ would become too long for a mail server. */
export function withTag(address: string, tag: string): string | undefined {
  const at = address.lastIndexOf("@");
  const local = `${address.slice(0, at)}+${tag}`;
  const tagged = local + address.slice(at);
  return local.length <= 64 && tagged.length <= 254 ? tagged : undefined;
}
