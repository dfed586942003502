import { isStorableText } from "../util/normalize-text.js";
import { InvalidBody } from "./errors.js";

const MAX_DEPTH = 32;
const QUOTE = 0x22;

/**
 * Looks through JSON text before it is parsed, since the parsed value no longer shows all of it: nesting deeper than
 * 32 (which would overflow what works on it later), a key twice in one object (of which parsers take any), text that
 * no database keeps. Whether it is JSON at all is the parser's question.
 *
 * @throws invalid-body
 */
export function inspectJson(text: string): void {
  /** Keys seen in each open object, outermost first; null for a list. */
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        open.push(text[at] === "{" ? new Set() : null);
        if (open.length > MAX_DEPTH)
          throw InvalidBody({ reason: `The body nests deeper than ${MAX_DEPTH} levels.` });
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        break;
      case QUOTE: {
        const end = endOfText(text, at);
        if (end < 0) return;
        const value = textBetween(text, at, end);
        if (value === undefined) return;
        const keys = open[open.length - 1];
        if (keys && isKey(text, end)) {
          if (keys.has(value))
            throw InvalidBody({ reason: `The key "${value.slice(0, 64)}" stands twice in one object.` });
          keys.add(value);
        }
        at = end;
      }
    }
  }
}

/** Position of the closing quote, or -1. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let before = end;
    while (text.charCodeAt(before - 1) === 0x5c) before -= 1;
    if ((end - before) % 2 === 0) return end;
  }
  return -1;
}

/** The text between two quotes without its escapes; undefined where they are none. */
function textBetween(text: string, start: number, end: number): string | undefined {
  const raw = text.slice(start + 1, end);
  if (!raw.includes("\\")) return raw;
  let value: string;
  try {
    value = JSON.parse(`"${raw}"`);
  } catch {
    return undefined;
  }
  if (!isStorableText(value))
    throw InvalidBody({ reason: "The body holds text with NUL or half of a surrogate pair." });
  return value;
}

function isKey(text: string, end: number): boolean {
  let next = end + 1;
  while (next < text.length && " \t\n\r".includes(text[next] as string)) next += 1;
  return text[next] === ":";
}
