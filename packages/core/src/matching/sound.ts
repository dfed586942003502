import type { pinyin as pinyinOf } from "pinyin-pro";
import { lazyLibrary } from "../standards/lazy-library.js";
import { searchText } from "../util/normalize-text.js";
import { remembered } from "../util/remembered.js";

const pinyin = lazyLibrary<{ readonly pinyin: typeof pinyinOf }>("pinyin-pro");
const metaphone = lazyLibrary<{ doubleMetaphone(word: string): [string, string] }>("double-metaphone");

const HAN = /\p{Script=Han}/u;

/**
 * Words of a name in Latin letters: folded, Chinese characters as their readings without tones, family names read as family
 * names. Two characters of a given name are one word, as people write them in Latin.
 *
 * @example latinWords("曾 小明") // ["zeng", "xiaoming"]
 */
export const latinWords: (name: string) => readonly string[] = remembered((name) => {
  const text = HAN.test(name) ? name.replace(/\p{Script=Han}+/gu, (run) => ` ${reading(run)} `) : name;
  return searchText(text)
    .replace(/['’`´.]/g, "")
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
});

function reading(characters: string): string {
  const { pinyin: read } = pinyin();
  return read(characters, { toneType: "none", type: "array", surname: "head", v: true }).join("");
}

/** How a word in Latin letters sounds; the word itself where it has no letters of that kind. */
export const sounds: (word: string) => readonly string[] = remembered((word) => {
  if (!/^[a-z]+$/.test(word)) return [word];
  const codes = metaphone().doubleMetaphone(word);
  const found = [...new Set(codes)].filter((code) => code !== "");
  return found.length > 0 ? found : [word];
});
