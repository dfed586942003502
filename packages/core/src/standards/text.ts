const PRINTABLE_ASCII = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;
/** Full-width Latin, digits and signs, the ideographic space, and half-width kana: one letter in two widths. */
const WIDTHS = /[\uff01-\uff5e\u3000\uff61-\uff9f\uffe0-\uffe6]+/g;
const INVISIBLE = /\u00ad|\u034f|\u061c|\u180e|\u200b|[\u2060-\u2064]|\ufeff/g;
const BLANK = /[\s\p{Zs}]+/gu;

/**
 * One line of text as it is kept: Unicode NFC, full-width letters in their usual width, no invisible characters, white
 * space collapsed to single spaces. Applying it twice changes nothing. Control characters stay, for others to refuse.
 *
 * @example cleanText("  Ａｃｍｅ\u3000GmbH ") // "Acme GmbH"
 */
export function cleanText(value: string): string {
  if (PRINTABLE_ASCII.test(value)) return value;
  return value
    .replace(WIDTHS, (wide) => wide.normalize("NFKC"))
    .replace(INVISIBLE, "")
    .normalize("NFC")
    .replace(BLANK, " ")
    .trim();
}
