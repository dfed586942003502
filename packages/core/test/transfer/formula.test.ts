import fc from "fast-check";
import { expect, it } from "vitest";
import { neutralised, restored } from "../../src/transfer/formula.js";

const risky = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"];
const text = fc
  .array(fc.constantFrom(...risky, "'", "a", '"', ",", " "), { maxLength: 6 })
  .map((all) => all.join(""));

it("leaves no text that a spreadsheet would run", () => {
  for (const first of risky) expect(neutralised(`${first}cmd()`)).toBe(`'${first}cmd()`);
  fc.assert(fc.property(text, (given) => !risky.includes(neutralised(given)[0] ?? "")));
});

it("leaves harmless text alone, and gives back exactly what was there", () => {
  for (const harmless of ["", "Ada", "'tis", "''", "a=b", " =x"])
    expect(neutralised(harmless)).toBe(harmless);
  fc.assert(fc.property(fc.oneof(text, fc.string()), (given) => restored(neutralised(given)) === given));
});
