import { InvalidImport } from "./errors.js";

const NAMED = {
  trim: (text: string) => text.trim(),
  /** One space between words. */
  collapse: (text: string) => text.trim().replace(/\s+/gu, " "),
  lower: (text: string) => text.toLowerCase(),
  upper: (text: string) => text.toUpperCase(),
  /** `ADA lovelace` as `Ada Lovelace`. */
  capitalize: (text: string) =>
    text
      .toLowerCase()
      .replace(
        /(^|[\s\-'’(])(\p{Ll})/gu,
        (_, before: string, letter: string) => before + letter.toUpperCase(),
      ),
  digits: (text: string) => text.replace(/\D/g, ""),
  /** `1.234,56 €` as `1234.56`. */
  decimalComma: (text: string) => amount(text, ","),
  /** `$1,234.56` as `1234.56`. */
  decimalPoint: (text: string) => amount(text, "."),
  /** `31.12.2026`, `31/12/26`. */
  dayFirst: (text: string) => dateOf(text, [2, 1, 0]),
  /** `12/31/2026`. */
  monthFirst: (text: string) => dateOf(text, [2, 0, 1]),
  /** `2026/12/31`, `2026年12月31日`. */
  yearFirst: (text: string) => dateOf(text, [0, 1, 2]),
} as const;

export type NamedTransform = keyof typeof NAMED;
export const TRANSFORMS = Object.keys(NAMED) as readonly NamedTransform[];

/** One step on the way from a cell to a value: by name, or what each text becomes. */
export type ImportTransform =
  | NamedTransform
  /** Texts that are not named stay as they are. */
  | { readonly map: Readonly<Record<string, string>> }
  /** For an empty cell. */
  | { readonly default: string };

type Step = (text: string) => string;

/** Makes one function of the steps of a column. @throws invalid-import for a step that there is not */
export function transformOf(column: string, steps: unknown): Step {
  if (!Array.isArray(steps)) throw wrong(column, "takes a list of steps");
  const all = steps.map((step): Step => {
    if (typeof step === "string" && Object.hasOwn(NAMED, step)) return NAMED[step as NamedTransform];
    const { map, default: fallback } = (typeof step === "object" && step !== null ? step : {}) as {
      map?: Readonly<Record<string, string>>;
      default?: unknown;
    };
    if (typeof fallback === "string") return (text) => (text === "" ? fallback : text);
    if (
      typeof map === "object" &&
      map !== null &&
      Object.values(map).every((value) => typeof value === "string")
    )
      return (text) => (Object.hasOwn(map, text) ? (map[text] as string) : text);
    throw wrong(
      column,
      `has a step that there is not: a step is one of ${TRANSFORMS.join(", ")}, {"map": {…}} or {"default": "…"}`,
    );
  });
  return (text) => all.reduce((current, step) => step(current), text);
}

const wrong = (column: string, reason: string) =>
  InvalidImport({ reason: `"transforms" of "${column.slice(0, 100)}" ${reason}.` });

/** What is no amount stays as it is, and is refused with its own text. */
function amount(text: string, point: "," | "."): string {
  const bare = text.replace(/[\s'’\u00a0\u202f]|[^\d.,()+-]/gu, "");
  const isNegative = /^\(.*\)$/.test(bare) || bare.endsWith("-");
  const grouped = bare.replace(/[()]|-$/g, "").replaceAll(point === "," ? "." : ",", "");
  const plain = grouped.replace(point, ".");
  return /^[-+]?\d+(\.\d+)?$/.test(plain) ? `${isNegative ? "-" : ""}${plain}` : text;
}

/** Years of two digits are of this century up to 69, as most programs have it. */
function dateOf(text: string, [y, m, d]: readonly [number, number, number]): string {
  const match = /^\s*(\d{1,4})\s*[./\-年]\s*(\d{1,2})\s*[./\-月]\s*(\d{1,4})\s*日?\.?(?:[T\s].*)?$/.exec(
    text,
  );
  if (!match) return text;
  const parts = match.slice(1, 4) as [string, string, string];
  const [year, month, day] = [parts[y] as string, parts[m] as string, parts[d] as string];
  const full = year.length === 2 ? `${Number(year) < 70 ? "20" : "19"}${year}` : year;
  if (full.length !== 4 || month.length > 2 || day.length > 2) return text;
  return `${full}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;
}
