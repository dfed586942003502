import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isStorableText, searchText } from "./normalize-text.js";

describe("searchText", () => {
  it.each([
    ["  José\tÁlvarez \n", "jose alvarez"],
    ["Müller-Lüdenscheidt", "muller-ludenscheidt"],
    ["STRASSE ẞ Straße", "strasse ss strasse"],
    ["Łódź Øresund Æsir Œuvre Þór", "lodz oresund aesir oeuvre thor"],
    ["İstanbul ıraz", "istanbul iraz"],
    ["ΟΔΟΣ Οδός", "οδοσ οδοσ"],
    ["ＡＣＭＥ　Ｃｏ．①", "acme co.1"],
    ["ﬁnance", "finance"],
    ["e\u0301te\u0301", "ete"],
    ["zero\u200bwidth soft\u00adhyphen", "zerowidth softhyphen"],
    ["a\u0000b\u0007c", "a b c"],
    ["张伟 重庆", "张伟 重庆"],
    ["ガギグ ｶﾞ", "ガギグ ガ"],
    ["हिन्दी", "हिन्दी"],
    ["한국어", "한국어"],
    ["Plain  ASCII ~", "plain ascii ~"],
    ["", ""],
    ["\ud800x", "\ufffdx"],
  ])("%j becomes %j", (value, expected) => {
    expect(searchText(value)).toBe(expected.normalize("NFKC"));
  });

  it("changes nothing the second time, is storable, and does not care for case or form", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (value) => {
        const text = searchText(value);
        expect(searchText(text)).toBe(text);
        expect(isStorableText(text)).toBe(true);
        expect(searchText(value.normalize("NFD"))).toBe(searchText(value.normalize("NFC")));
      }),
      { numRuns: 300 },
    );
  });
});

it("isStorableText refuses NUL and halves of surrogate pairs", () => {
  expect(["", "a", "😀", "\u2028", "\uffff", "\u0001"].map(isStorableText)).toEqual([
    true,
    true,
    true,
    true,
    true,
    true,
  ]);
  expect(["\0", "a\0b", "\ud83d", "\ude00", "\ude00\ud83d"].map(isStorableText)).toEqual([
    false,
    false,
    false,
    false,
    false,
  ]);
});
