import assert from "node:assert/strict";
import type { Filter } from "../../storage/filter.js";
import { items } from "./fixtures.js";
import { find, group, type StorageConformanceOptions } from "./suite.js";

type How = "contains" | "starts" | "ends";

interface Case {
  readonly how: How;
  readonly text: string;
  /** Numbers of the labels, from 1. */
  readonly exact: readonly number[];
  readonly folded: readonly number[];
}

const cases = (
  how: How,
  rows: readonly (readonly [string, readonly number[], readonly number[]])[],
): Case[] => rows.map(([text, exact, folded]) => ({ how, text, exact, folded }));

const latin = [
  "Corm",
  "CORM core",
  "acorm",
  "a_c%d!e",
  "abc%",
  "a\\b",
  "[abc]*?",
  "",
  null,
  "ÉCOLE",
  "école",
  "Straße",
];
const latinCases = [
  ...cases("contains", [
    ["orm", [1, 3], [1, 2, 3]],
    ["_", [4], [4]],
    ["%", [4, 5], [4, 5]],
    ["!", [4], [4]],
    ["\\", [6], [6]],
    ["[a", [7], [7]],
    ["*?", [7], [7]],
    ["éc", [11], [10, 11]],
    ["ß", [12], [12]],
    ["SS", [], []],
    ["", [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12], [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12]],
  ]),
  ...cases("starts", [
    ["Co", [1], [1, 2]],
    ["a_", [4], [4]],
    ["a", [3, 4, 5, 6], [3, 4, 5, 6]],
    ["É", [10], [10, 11]],
    ["", [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12], [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12]],
  ]),
  ...cases("ends", [
    ["orm", [1, 3], [1, 3]],
    ["CORE", [], [2]],
    ["%", [5], [5]],
    ["LE", [10], [10, 11]],
    ["", [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12], [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12]],
  ]),
];

const world = [
  "ΟΔΟΣ",
  "οδος",
  "οδός",
  "ЁЛКА",
  "ёлка",
  "重庆市",
  "ＡＢＣ",
  "ａｂｃ",
  "😀 Smile",
  "𐐀𐐁",
  "𐐨𐐩",
  "Ǆ",
  "ǆ",
  "İstanbul",
];
const worldCases = [
  ...cases("contains", [
    ["δος", [2], [1, 2]],
    ["ΔΟΣ", [1], [1, 2]],
    ["лк", [5], [4, 5]],
    ["庆", [6], [6]],
    ["ＢＣ", [7], [7, 8]],
    ["😀 s", [], [9]],
    ["𐐀", [10], [10, 11]],
    ["ǆ", [13], [12, 13]],
  ]),
  ...cases("starts", [
    ["ё", [5], [4, 5]],
    ["重", [6], [6]],
    ["İST", [], [14]],
    ["😀", [9], [9]],
    ["\u{10ffff}", [], []],
  ]),
  ...cases("ends", [
    ["Σ", [1], [1, 2, 3]],
    ["市", [6], [6]],
    ["ｃ", [8], [7, 8]],
  ]),
];

const not = (of: Filter): Filter => ({ op: "not", of });

/** Text search: literal wildcards, and the same letters in other case on every engine. */
export function matchTests(options: StorageConformanceOptions): void {
  group(options, "matches", (check) => {
    const list = (name: string, labels: readonly (string | null)[], expected: readonly Case[]): void =>
      check(name, async ({ adapter }) => {
        await adapter.insertMany("item", items("note", labels));
        const all = labels.map((_, index) => index + 1);
        for (const { how, text, exact, folded } of expected) {
          for (const caseSensitive of [true, false]) {
            const where: Filter = { op: "match", column: "note", how, text, caseSensitive };
            const found = caseSensitive ? exact : folded;
            const title = `${how} "${text}" ${caseSensitive ? "exactly" : "in any case"}`;
            assert.deepEqual(await numbers(where), found, title);
            const others = all.filter((number) => !found.includes(number));
            assert.deepEqual(await numbers(not(where)), others, `not ${title}`);
          }
        }
        async function numbers(where: Filter): Promise<unknown[]> {
          return (await find(adapter, "item", ["rank"], where)).map(({ rank }) => rank);
        }
      });

    list("take wildcards literally, and fold Latin letters", latin, latinCases);
    list("fold Greek, Cyrillic, full-width and rare letters", world, worldCases);
  });
}
