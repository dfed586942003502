const LONE_SURROGATES = /\p{Surrogate}/gu;
/** Control characters, and marks that change the direction of what follows them. */
const UNSEEN = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The characters of Windows-1252 where it differs from Latin-1. Mail that names either means Windows-1252, and Node.js
 * up to 22 decodes both as Latin-1; the control characters that come of it are never meant.
 */
const WINDOWS_1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
const MISREAD = /[\u0080-\u009f]/g;

const reread = (text: string): string =>
  text.replace(MISREAD, (character) => WINDOWS_1252[character.charCodeAt(0) - 0x80] as string);

/** Text as every database keeps it: no NUL, no half of a surrogate pair, line feeds only, at most `max` characters. */
export function cleanText(text: string, max: number): string {
  // Cut first: what follows costs time in the length of the text.
  const cut = text.slice(0, max).replace(/\r\n?/g, "\n");
  return reread(cut).replaceAll("\0", "").replace(LONE_SURROGATES, "\ufffd");
}

/** One line without control characters and without white space at its ends. */
export function cleanLine(text: string, max: number): string {
  const line = reread(text.slice(0, max * 4))
    .replace(/[\r\n\t]+/g, " ")
    .replace(UNSEEN, "")
    .replace(LONE_SURROGATES, "\ufffd")
    .replace(/ {2,}/g, " ")
    .trim();
  return line.slice(0, max).replace(LONE_SURROGATES, "").trim();
}

/** The name of an attachment as a file may have it on any system; `attachment` where nothing is left of it. */
export function safeFileName(name: string): string {
  const base = cleanLine(name, 400).split(/[/\\]/).at(-1) ?? "";
  const safe = base.replace(/[<>:"|?*]/g, "_").replace(/^[\s.]+|[\s.]+$/g, "");
  if (safe.length <= 120) return safe || "attachment";
  const dot = safe.lastIndexOf(".");
  const ending = dot > 0 && safe.length - dot <= 12 ? safe.slice(dot) : "";
  return safe.slice(0, 120 - ending.length).replace(LONE_SURROGATES, "") + ending;
}
