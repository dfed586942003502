import { addressKey, splitAddress } from "../standards/address.js";
import { companyKey } from "../standards/company.js";
import { emailKey } from "../standards/email.js";
import type { Standard } from "../standards/normal-form.js";
import { phoneKey } from "../standards/phone.js";
import { searchText } from "../util/normalize-text.js";
import { remembered } from "../util/remembered.js";
import { isNickname } from "./nicknames.js";
import { editSimilarity, edits, jaroWinkler, pairedWords } from "./similarity.js";
import { latinWords, sounds } from "./sound.js";

/** What values of a field are, for comparing two of them: the form in which it is kept, or a kind of its own. */
export type Likeness = Standard | "date" | "number" | "code";

/** How two values of a kind are compared. */
export interface Comparator {
  /** What equal values have in common; empty for what cannot be compared. */
  key(value: string, country?: string): string;
  /** 0 to 1, of two values with different keys. */
  alike(a: string, b: string): number;
}

const folded = remembered((value) =>
  searchText(value)
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim(),
);

const words = remembered((key): readonly string[] => key.split(" ").filter(Boolean));
const companyName = remembered(companyKey);
const streetAddress = remembered(addressKey);
const numbered = remembered((value) => splitAddress(streetAddress(value)));

const text: Comparator = {
  key: folded,
  alike: (a, b) =>
    Math.max(jaroWinkler(folded(a), folded(b)), pairedWords(words(folded(a)), words(folded(b)), jaroWinkler)),
};

/** Two words of names: the same name, a nickname, an initial, the same sound, or letters in common. */
function alikeNames(a: string, b: string): number {
  if (a === b) return 1;
  if (isNickname(a, b)) return 0.95;
  const letters = jaroWinkler(a, b);
  if (a.length === 1 || b.length === 1) return a[0] === b[0] ? 0.85 : 0;
  const other = sounds(b);
  return sounds(a).some((sound) => other.includes(sound)) ? Math.max(letters, 0.88) : letters;
}

const personName: Comparator = {
  key: (value) => [...latinWords(value)].sort().join(" "),
  alike: (a, b) => {
    const [left, right] = [latinWords(a), latinWords(b)];
    // "xiaoming" and "xiao ming" are one.
    const [x, y] = [left.join(""), right.join("")];
    return x === y
      ? 1
      : Math.max(pairedWords(left, right, alikeNames), x.length > 3 ? jaroWinkler(x, y) - 0.02 : 0);
  },
};

/** Words that say what a company does, and not which it is: half of what others count. */
const TRADES = new Set(
  "restaurant cafe bar grill hotel inn shop store market center group holding holdings international global services service solutions systems system technologies technology tech consulting partners associates industries enterprises trading bank school university hospital clinic institute foundation restaurante ristorante gasthaus handel dienstleistungen groupe societe".split(
    " ",
  ),
);
const tells = (word: string): number => (TRADES.has(word) ? 0.5 : 1);

const company: Comparator = {
  key: companyName,
  alike: (a, b) => {
    const [x, y] = [companyName(a), companyName(b)];
    if (x === y) return 1;
    return Math.max(
      editSimilarity(x, y),
      pairedWords(words(x), words(y), shortened, { leftover: 0.25, tells }),
    );
  },
};

/** "deli" for "delicatessen" is the beginning of it. */
function shortened(a: string, b: string): number {
  if (a === b) return 1;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length >= 3 && long.startsWith(short)) return 0.9;
  const letters = jaroWinkler(a, b);
  return letters < 0.8 ? 0 : letters;
}

const NUMBER = /\d/;
/** A number is the same or another one. */
const alikeWords = (a: string, b: string): number =>
  a === b ? 1 : NUMBER.test(a) || NUMBER.test(b) ? 0 : jaroWinkler(a, b);

/** Which side of the town: left out as often as not. */
const SIDES = new Set("north south east west northeast northwest southeast southwest".split(" "));

const sameLetters = (a: string, b: string): boolean => [...a].sort().join("") === [...b].sort().join("");

const address: Comparator = {
  key: streetAddress,
  alike: (a, b) => {
    const [left, right] = [numbered(a), numbered(b)];
    const street = pairedWords(words(left.street), words(right.street), alikeWords, {
      leftover: 0.4,
      tells: (word) => (SIDES.has(word) ? 0.3 : 1),
    });
    if (left.number === "" || right.number === "") return street * 0.9;
    if (left.number === right.number) return 0.35 + 0.65 * street;
    // Digits may be swapped, or one left out; another digit is another house.
    const mistyped = left.number.length !== right.number.length || sameLetters(left.number, right.number);
    return street * (mistyped && edits(left.number, right.number, 1) <= 1 ? 0.8 : 0.5);
  },
};

const email: Comparator = {
  key: emailKey,
  alike: (a, b) => {
    const [x, y] = [emailKey(a), emailKey(b)];
    const [left, right] = [x.split("@"), y.split("@")];
    const local = jaroWinkler(left[0] ?? "", right[0] ?? "");
    return left[1] === right[1]
      ? 0.3 + 0.7 * local
      : local * (jaroWinkler(left[1] ?? "", right[1] ?? "") > 0.9 ? 0.95 : 0.7);
  },
};

const digits = (value: string): string => value.replace(/\D/g, "");

const phone: Comparator = {
  key: (value, country) => phoneKey(value, country) ?? "",
  alike: (a, b) => {
    const [x, y] = [digits(a), digits(b)];
    const wrong = edits(x, y, 2);
    return wrong === 0 ? 1 : wrong === 1 ? 0.9 : wrong === 2 ? 0.75 : 0;
  },
};

/** Day, month and year mistyped or swapped. */
const date: Comparator = {
  key: digits,
  alike: (a, b) => {
    const [x, y] = [digits(a), digits(b)];
    const wrong = edits(x, y, 2);
    if (wrong <= 1) return 0.9;
    const turned = x.length === 8 && `${x.slice(0, 4)}${x.slice(6)}${x.slice(4, 6)}` === y;
    return turned ? 0.9 : wrong === 2 ? 0.75 : 0;
  },
};

/** Postal codes, house numbers, ids: a character mistyped, nothing else. */
const code: Comparator = {
  key: (value) => searchText(value).replace(/[^\p{L}\p{N}]+/gu, ""),
  alike: (a, b) => {
    const [x, y] = [code.key(a), code.key(b)];
    const wrong = edits(x, y, 2);
    const longest = Math.max(x.length, y.length);
    return wrong > 2 || longest === 0 ? 0 : Math.max(0, 1 - wrong / Math.max(longest, 2));
  },
};

const number: Comparator = { key: (value) => value, alike: () => 0 };
const web: Comparator = {
  key: (value) => value.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, ""),
  alike: editSimilarity,
};

const COMPARATORS: Readonly<Record<Likeness, Comparator>> = {
  text,
  personName,
  company,
  address,
  email,
  phone,
  date,
  number,
  code,
  url: web,
  domain: web,
};

export const comparatorOf = (kind: Likeness): Comparator => COMPARATORS[kind];
