import {
  COMPOUND_SURNAMES,
  CONJUNCTIONS,
  GIVEN_NAME_TITLES,
  NUMERALS,
  PARTICLES,
  SUFFIXES,
  TITLES,
} from "./name-words.js";
import { cleanText } from "./text.js";

/** The parts of a full name, as they were written; empty where it has none. */
export interface PersonName {
  readonly title: string;
  readonly first: string;
  readonly middle: string;
  readonly last: string;
  readonly suffix: string;
  readonly nickname: string;
}

const NICKNAME = /\s*(?:\(([^()]*)\)|"([^"]*)"|“([^”]*)”|(?<=\s)'([^']*)'(?=\s|,|$))/gu;
const EMOJI = /[\p{Extended_Pictographic}\u{1f1e6}-\u{1f1ff}\ufe0f\u200d]/gu;
const HAN = /^\p{Script=Han}{2,4}$/u;
const HAN_SPACED = /^(\p{Script=Han}{1,2})[ ·](\p{Script=Han}{1,3})$/u;
const HANGUL = /^\p{Script=Hangul}{2,4}$/u;

/**
 * Takes a full name apart: titles, particles of family names ("de la Vega"), suffixes, nicknames in brackets or quotes,
 * "Last, First", and Chinese and Korean names, whose family name comes first.
 *
 * @example parsePersonName("Dr. Juan Q. de la Vega, Jr.").last // "de la Vega"
 */
export function parsePersonName(value: string): PersonName {
  const nicknames: string[] = [];
  const text = cleanText(
    cleanText(value)
      .replace(EMOJI, "")
      .replace(NICKNAME, (_, ...groups: (string | undefined)[]) => {
        nicknames.push(groups.slice(0, 4).find((group) => group !== undefined) ?? "");
        return "";
      }),
  );
  const nickname = nicknames.filter((name) => name !== "").join(", ");
  const eastern = easternName(text);
  if (eastern) return { title: "", middle: "", suffix: "", ...eastern, nickname };
  const [head = "", ...rest] = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const [second = "", ...more] = rest;
  if (rest.length > 0 && rest.every((part) => isSuffixes(part))) {
    const name = westernName(head.split(" "));
    const suffix = [name.suffix, ...rest].filter(Boolean).join(", ");
    // Of "Andrews, M.D." only the family name is told.
    return name.last === "" && name.title === ""
      ? { ...name, last: name.first, first: "", suffix, nickname }
      : { ...name, suffix, nickname };
  }
  if (rest.length === 0) return { ...westernName(head.split(" ")), nickname };
  const last = trailingSuffixes(head.split(" "), 1);
  const given = westernName(second.split(" "), true);
  const suffix = [...last.suffixes, ...(given.suffix ? [given.suffix] : []), ...more].join(", ");
  return { ...given, last: last.words.join(" "), suffix, nickname };
}

function easternName(text: string): Pick<PersonName, "first" | "last"> | undefined {
  const spaced = HAN_SPACED.exec(text);
  if (spaced) return { last: spaced[1] as string, first: spaced[2] as string };
  if (HAN.test(text)) {
    const length = text.length > 2 && COMPOUND_SURNAMES.has(text.slice(0, 2)) ? 2 : 1;
    return { last: text.slice(0, length), first: text.slice(length) };
  }
  if (HANGUL.test(text)) return { last: text.slice(0, 1), first: text.slice(1) };
  return undefined;
}

const bare = (word: string): string => word.toLowerCase().replaceAll(".", "");

const isTitle = (word: string): boolean => {
  if (TITLES.has(word.toLowerCase()) || TITLES.has(bare(word))) return true;
  const pieces = word.toLowerCase().split(/[.-]/).filter(Boolean);
  return pieces.length > 1 && pieces.every((piece) => TITLES.has(piece));
};

const isSuffix = (word: string): boolean => SUFFIXES.has(bare(word)) || isNumeral(word);
/** "V." with a full stop is an initial. */
const isNumeral = (word: string): boolean => NUMERALS.has(word.toLowerCase());
const isParticle = (word: string): boolean => PARTICLES.has(bare(word));
/** A capital letter by itself is an initial. */
const isConjunction = (word: string): boolean =>
  CONJUNCTIONS.has(word.length === 1 ? word : word.toLowerCase());

function isSuffixes(part: string): boolean {
  const words = joinDegrees(part.split(" "));
  return words.every((word) => isSuffix(word) || SUFFIXES.has(bare(word.replaceAll(" ", ""))));
}

/** "Ph. D." is one. */
function joinDegrees(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (const word of words) {
    const before = joined.at(-1);
    if (before !== undefined && /^ph\.?$/i.test(before) && /^d\.?$/i.test(word))
      joined[joined.length - 1] = `${before} ${word}`;
    else joined.push(word);
  }
  return joined;
}

/** Takes suffixes off the end, as long as `least` words are left. */
function trailingSuffixes(
  given: readonly string[],
  least: number,
): { readonly words: string[]; readonly suffixes: string[] } {
  const words = joinDegrees(given);
  const suffixes: string[] = [];
  while (words.length > least) {
    const word = words.at(-1) as string;
    const certain = SUFFIXES.has(bare(word.replaceAll(" ", "")));
    if (!certain && !isNumeral(word)) break;
    suffixes.unshift(words.pop() as string);
  }
  const left = words.at(-1);
  // "Larry V I": what is left before ends in something that looks the same, so that neither is a generation.
  if (least > 1 && words.length === least && left !== undefined && isNumeral(left) && suffixes.length > 0)
    return { words: [...words, ...suffixes], suffixes: [] };
  return { words, suffixes };
}

/** "Velasquez y Garcia" and "Secretary of State" are one each. */
function joinConjunctions(words: readonly string[]): string[] {
  if (words.length < 3) return [...words];
  const joined: string[] = [];
  let open = false;
  for (const word of words) {
    const link = isConjunction(word);
    if (joined.length > 0 && (open || link)) joined[joined.length - 1] += ` ${word}`;
    else joined.push(word);
    open = link;
  }
  return joined;
}

/** What a word that may have been joined begins with: "Secretary of State" is a title. */
const leads = (word: string, is: (word: string) => boolean): boolean =>
  word.split(" ").some((piece) => is(piece)) &&
  word.split(" ").every((piece, i) => i > 1 || isConjunction(piece) || is(piece));

function westernName(words: readonly string[], givenOnly = false): PersonName {
  const joined = joinConjunctions(words.filter(Boolean));
  let start = 0;
  while (start < joined.length && leads(joined[start] as string, isTitle)) {
    // A person whose only name is a title word, such as "Judge", is called by it.
    if (start > 0 && start === joined.length - 1 && !/\.|\s/.test(joined[start] as string) && givenOnly)
      break;
    start += 1;
  }
  const titles = joined.slice(0, start);
  const { words: names, suffixes } = trailingSuffixes(joined.slice(start), givenOnly ? 1 : 2);
  const parts = givenOnly ? names : joinParticles(names);
  const common = { title: titles.join(" "), suffix: suffixes.join(" "), nickname: "" };
  if (givenOnly) return { ...common, first: parts[0] ?? "", middle: parts.slice(1).join(" "), last: "" };
  if (parts.length < 2) {
    const [only = ""] = parts;
    const lastTitle = bare((titles.at(-1) ?? "").split(" ").at(-1) as string);
    const family = titles.length > 0 && !GIVEN_NAME_TITLES.has(lastTitle);
    return { ...common, first: family ? "" : only, middle: "", last: family ? only : "" };
  }
  return {
    ...common,
    first: parts[0] as string,
    middle: parts.slice(1, -1).join(" "),
    last: parts.at(-1) as string,
  };
}

/** From the first particle that does not begin the name on, all is the family name. */
function joinParticles(names: readonly string[]): string[] {
  const at = names.findIndex(
    (word, i) => i > 0 && i < names.length - 1 && isParticle(word.split(" ")[0] as string),
  );
  return at < 0 ? [...names] : [...names.slice(0, at), names.slice(at).join(" ")];
}
