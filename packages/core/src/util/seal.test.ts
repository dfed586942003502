import fc from "fast-check";
import { expect, it } from "vitest";
import { createSealer } from "./seal.js";

const sealer = createSealer("a secret", "tests");

it("opens what it sealed, for whoever it is bound to", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), (text, bound, other) => {
      const sealed = sealer.seal(text, bound);
      expect(sealer.open(sealed, bound)).toBe(text);
      if (other !== bound) expect(sealer.open(sealed, other)).toBeUndefined();
    }),
  );
});

it("opens nothing that was changed, in any bit", () => {
  const bytes = Buffer.from(sealer.seal("hello", "me"), "base64url");
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(sealer.open(copy.toString("base64url"), "me")).toBeUndefined();
  }
  for (let length = 0; length < bytes.length; length++)
    expect(sealer.open(bytes.subarray(0, length).toString("base64url"), "me")).toBeUndefined();
});

it("opens nothing of another purpose or secret, and never makes the same text twice", () => {
  const sealed = sealer.seal("hello", "me");
  expect(createSealer("a secret", "others").open(sealed, "me")).toBeUndefined();
  expect(createSealer("another", "tests").open(sealed, "me")).toBeUndefined();
  expect(sealer.seal("hello", "me")).not.toBe(sealed);
});
