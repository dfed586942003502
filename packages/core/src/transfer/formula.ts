/**
 * What a spreadsheet may take for a formula when it opens a text cell, with any apostrophes in front. The full-width
 * forms count, too: some programs read them as the plain ones.
 */
const RISKY = /^'*[=+\-@\t\r\n＝＋－＠]/;

/**
 * The text with an apostrophe in front where a spreadsheet could run it. `restored` takes exactly that apostrophe away
 * again, also from text that began with apostrophes before.
 */
export function neutralised(text: string): string {
  return RISKY.test(text) ? `'${text}` : text;
}

/** The text as it was before `neutralised`. */
export function restored(text: string): string {
  return text.charCodeAt(0) === 39 && RISKY.test(text) ? text.slice(1) : text;
}
