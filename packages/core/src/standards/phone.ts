import type { CountryCode, parsePhoneNumberFromString } from "libphonenumber-js/max";
import { countryCode } from "./country.js";
import { lazyLibrary } from "./lazy-library.js";
import { cleanText } from "./text.js";

interface Library {
  readonly parsePhoneNumberFromString: typeof parsePhoneNumberFromString;
  isSupportedCountry(code: string): boolean;
}

type Found = NonNullable<ReturnType<typeof parsePhoneNumberFromString>>;

const library = lazyLibrary<Library>("libphonenumber-js/max");

/** A phone number that can be dialled. */
export interface PhoneNumber {
  /** ITU-T E.164: `+8613800138000`. */
  readonly e164: string;
  /** ISO 3166-1 alpha-2; undefined for numbers of no country, such as satellite phones. */
  readonly country: string | undefined;
  /** As people of the country write it. */
  readonly national: string;
  readonly international: string;
  readonly extension: string | undefined;
  /** `MOBILE`, `FIXED_LINE`, …; undefined where the plan of the country does not tell. */
  readonly type: string | undefined;
}

/** What stands before a number on cards and in signatures: `Tel.:`, `手机：`. */
const LABEL = /^(?:tel:|[\p{L}][\p{L}\s./-]{0,20}[.:：]+\s*)/u;
const EXTENSION = /[\s,;]*(?:ext\.?|extension|x|#|доб\.?|分机)[\s.:=]*(\d{1,7})$/i;
/** The sign of a carrier's international access, as most countries dial it. */
const ACCESS = /^00(?=[1-9])/;
const DIGITS = /\d/g;
/** E.164 has at most 15; some with extensions. */
const MAX_LENGTH = 100;

/**
 * Reads a phone number as people write it. Without an international prefix it is of the given country, which may be a
 * code or a name.
 *
 * @returns undefined for what is no number that the plan of its country has
 * @example parsePhone("138 0013 8000", "CN")?.e164 // "+8613800138000"
 */
export function parsePhone(value: string, country?: string | null): PhoneNumber | undefined {
  const read = readPhone(value, country);
  if (!read) return undefined;
  const { found, extension } = read;
  return {
    e164: found.number,
    country: found.country,
    national: found.formatNational().replace(/ ext\. .*$/, ""),
    international: found.formatInternational().replace(/ ext\. .*$/, ""),
    extension,
    type: found.getType(),
  };
}

/** What the library makes of a number. How people of the country write it takes it twice as long to tell: only where asked. */
function readPhone(
  value: string,
  country: string | null | undefined,
): { readonly found: Found; readonly extension: string | undefined } | undefined {
  const text = cleanText(value).replace(LABEL, "");
  if (text.length > MAX_LENGTH || (text.match(DIGITS)?.length ?? 0) < 3) return undefined;
  const { parsePhoneNumberFromString: parse, isSupportedCountry } = library();
  const code = countryCode(country);
  const from = code && isSupportedCountry(code) ? (code as CountryCode) : undefined;
  const read = (number: string) => {
    const found = from ? parse(number, from) : parse(number);
    return found?.isValid() ? found : undefined;
  };
  // The country's own way of dialling comes first: 00 may begin a number of it.
  const dialled = (number: string) =>
    read(number) ?? (ACCESS.test(number) ? read(number.replace(ACCESS, "+")) : undefined);
  const [tail, extension] = EXTENSION.exec(text) ?? [];
  const found = dialled(text) ?? (tail ? dialled(text.slice(0, -tail.length)) : undefined);
  return found && { found, extension: found.ext ?? extension };
}

/**
 * A phone number as it is kept: E.164, with `;ext=` where it has an extension (RFC 3966). What cannot be read as a number
 * stays as it was written, cleaned.
 *
 * @example normalPhone("+86 138-0013-8000") // "+8613800138000"
 */
export function normalPhone(value: string, country?: string | null): string {
  const phone = readPhone(value, country);
  if (!phone) return cleanText(value);
  const { found, extension } = phone;
  return extension ? `${found.number};ext=${extension}` : found.number;
}

/** What two spellings of one line have in common: to compare by. Undefined for what is no number. */
export function phoneKey(value: string, country?: string | null): string | undefined {
  const known = /^\+[1-9]\d{6,14}$/.exec(value)?.[0];
  return known ?? readPhone(value, country)?.found.number;
}
