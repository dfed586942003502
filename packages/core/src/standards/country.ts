import { searchText } from "../util/normalize-text.js";

const LANGUAGES = ["en", "de", "fr", "es", "it", "pt", "nl", "zh", "ja", "ru"];
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** What people write and no list of names has. */
const ALSO: Readonly<Record<string, string>> = {
  uk: "GB",
  "great britain": "GB",
  england: "GB",
  scotland: "GB",
  wales: "GB",
  "northern ireland": "GB",
  usa: "US",
  "u.s.a.": "US",
  "u.s.": "US",
  america: "US",
  prc: "CN",
  "p.r. china": "CN",
  "pr china": "CN",
  "people's republic of china": "CN",
  中华人民共和国: "CN",
  "south korea": "KR",
  "republic of korea": "KR",
  holland: "NL",
  deu: "DE",
  gbr: "GB",
  chn: "CN",
  fra: "FR",
  ita: "IT",
  esp: "ES",
  che: "CH",
  aut: "AT",
  jpn: "JP",
  can: "CA",
  aus: "AU",
  bra: "BR",
  ind: "IN",
  czechia: "CZ",
  turkey: "TR",
};

let byName: ReadonlyMap<string, string> | undefined;

/**
 * ISO 3166-1 alpha-2 code of a country by its code or its name in one of ten languages; undefined for what is neither.
 *
 * @example countryCode("Deutschland") // "DE"
 */
export function countryCode(country: string | null | undefined): string | undefined {
  if (!country) return undefined;
  const text = country.trim();
  if (/^[A-Za-z]{2}$/.test(text)) {
    const code = text.toUpperCase();
    return code === "UK" ? "GB" : code;
  }
  byName ??= names();
  return byName.get(searchText(text));
}

/** Names of the codes that the ICU data of Node knows. */
function names(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const language of LANGUAGES) {
    const display = new Intl.DisplayNames([language], { type: "region", fallback: "none" });
    for (const first of LETTERS)
      for (const second of LETTERS) {
        const code = first + second;
        const name = display.of(code);
        // Codes of former countries bear the names of those that came after them.
        if (name && !found.has(searchText(name)) && isCurrent(code)) found.set(searchText(name), code);
      }
  }
  for (const [name, code] of Object.entries(ALSO)) found.set(searchText(name), code);
  return found;
}

/** ICU gives former codes as those that took their place. */
const isCurrent = (code: string): boolean => new Intl.Locale(`und-${code}`).maximize().region === code;
