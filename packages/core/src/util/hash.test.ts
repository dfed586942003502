import { expect, it } from "vitest";
import { equalText, hmacBase64Url, randomToken, sha256Hex } from "./hash.js";
import { seededRandom } from "./random-bytes.js";

it("sha256Hex gives the digests of FIPS 180-4", () => {
  expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  expect(sha256Hex(new Uint8Array())).toBe(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  expect(sha256Hex("é")).toBe(sha256Hex(new Uint8Array([0xc3, 0xa9])));
});

it("hmacBase64Url gives the code of RFC 4231, case 2", () => {
  const hex = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  const code = hmacBase64Url("Jefe", "what do ya want for nothing?");
  expect(Buffer.from(code, "base64url").toString("hex")).toBe(hex);
  expect(code).toMatch(/^[\w-]{43}$/);
});

it("equalText compares texts of any length", () => {
  expect(equalText("secret", "secret")).toBe(true);
  expect(equalText("", "")).toBe(true);
  expect(equalText("secret", "secreT")).toBe(false);
  expect(equalText("secret", "secret ")).toBe(false);
  expect(equalText("secret", "")).toBe(false);
});

it("randomToken has the asked size, and never comes twice", () => {
  const tokens = new Set(Array.from({ length: 1000 }, () => randomToken(32)));
  expect(tokens.size).toBe(1000);
  for (const token of tokens) expect(token).toMatch(/^[\w-]{43}$/);
  expect(randomToken(16, seededRandom(1))).toBe(randomToken(16, seededRandom(1)));
});

it.each([0, 15, 1025, 16.5, Number.NaN])("randomToken refuses %d bytes", (bytes) => {
  expect(() => randomToken(bytes)).toThrow('"bytes" is not usable');
});
