/** Letters that Unicode does not decompose, though people search them by their plain letters. */
const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  ß: "ss",
  æ: "ae",
  œ: "oe",
  ø: "o",
  ł: "l",
  đ: "d",
  ð: "d",
  þ: "th",
  ħ: "h",
  ŧ: "t",
  ı: "i",
  ς: "σ",
};

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const SPACES = /[\s\p{Cc}]+/gu;
const LONE_SURROGATE = /\p{Surrogate}/u;
const LONE_SURROGATES = /\p{Surrogate}/gu;
/** Zero-width characters, soft hyphens, variation selectors: two texts that look the same must match. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
/** Only the marks of alphabets: vowel signs of Indic scripts and the kana voicing marks carry meaning. */
const DIACRITICS = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g;
const FOLDED = new RegExp(`[${Object.keys(PLAIN_LETTERS).join("")}]`, "g");

/**
 * A value as it is written into a search column, and as a search term is before it is compared with one:
 * NFKC, lower case, diacritics folded, white space and control characters collapsed to one space, trimmed.
 * The same on every database, because no database does it. Applying it twice changes nothing.
 *
 * @example searchText("  Łódź\tＳＴＲＡＳＳＥ ") === searchText("lodz straße"); // "lodz strasse"
 */
export function searchText(value: string): string {
  if (PRINTABLE_ASCII.test(value)) return value.toLowerCase().replace(/ +/g, " ").trim();
  return fold(value).replace(SPACES, " ").trim();
}

/** Whether every database keeps a text as it is: no NUL, no half of a surrogate pair. */
export function isStorableText(text: string): boolean {
  return !text.includes("\0") && !LONE_SURROGATE.test(text);
}

/** A text with a sign in place of what no database keeps: for what quotes something, and may have cut it. */
export function storableText(text: string): string {
  return text.replaceAll("\0", "\ufffd").replace(LONE_SURROGATES, "\ufffd");
}

function fold(value: string): string {
  return value
    .replace(LONE_SURROGATES, "\ufffd")
    .normalize("NFKC")
    .toLowerCase()
    .normalize("NFD")
    .replace(INVISIBLE, "")
    .replace(DIACRITICS, "")
    .replace(FOLDED, (letter) => PLAIN_LETTERS[letter]!)
    .normalize("NFKC");
}
