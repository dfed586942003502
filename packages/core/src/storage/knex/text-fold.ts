/**
 * The form in which `match` without case compares text: lower case by Unicode's simple rules, and one sigma.
 * Every engine is made to agree with this function.
 */
export function fold(text: string): string {
  return text.toLowerCase().replaceAll("ς", "σ");
}

/** The least text after all texts that start with `prefix` in code point order; undefined if there is none. */
export function afterPrefix(prefix: string): string | undefined {
  const points = Array.from(prefix);
  while (points.length > 0) {
    const point = (points.pop() as string).codePointAt(0) as number;
    if (point >= 0x10ffff) continue;
    // U+D800 to U+DFFF are no characters.
    const next = point + 1 === 0xd800 ? 0xe000 : point + 1;
    return points.join("") + String.fromCodePoint(next);
  }
  return undefined;
}

/** `text` inside a LIKE pattern with `!` as the escape character. */
export function likeLiteral(text: string): string {
  return text.replace(/[!%_]/g, "!$&");
}
