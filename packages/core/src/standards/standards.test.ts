import fc from "fast-check";
import { expect, test } from "vitest";
import { addressKey } from "./address.js";
import { companyKey } from "./company.js";
import { countryCode } from "./country.js";
import { emailKey, isEmail, normalEmail } from "./email.js";
import { normalAddress } from "./normal-address.js";
import { normalForm, STANDARDS } from "./normal-form.js";
import { parsePersonName } from "./person-name.js";
import { normalPhone, parsePhone, phoneKey } from "./phone.js";
import { cleanText } from "./text.js";
import { normalDomain, normalUrl } from "./url.js";

test("text is one line of NFC, its letters in their usual width", () => {
  expect(cleanText("  Ａｃｍｅ\u3000GmbH\u200b ")).toBe("Acme GmbH");
  expect(cleanText("Jose\u0301")).toBe("José");
  expect(cleanText("ｶﾞｰﾃﾞﾝ")).toBe("ガーデン");
  expect(cleanText("王\t小明\n")).toBe("王 小明");
});

test("a number is one number, however it is written", () => {
  const spellings = [
    "+86 138-0013-8000",
    "13800138000",
    "0086 138 0013 8000",
    "１３８００１３８０００",
    "手机：13800138000",
  ];
  expect(spellings.map((text) => normalPhone(text, "CN"))).toEqual(spellings.map(() => "+8613800138000"));
  expect(normalPhone("13800138000", "中国")).toBe("+8613800138000");
  expect(normalPhone("030 901820", "Germany")).toBe("+4930901820");
  expect(normalPhone("(212) 555-2368 x42", "US")).toBe("+12125552368;ext=42");
  expect(parsePhone("(212) 555-2368", "US")?.international).toBe("+1 212 555 2368");
  expect(phoneKey("+12125552368;ext=42")).toBe("+12125552368");
});

test("what is no number stays as it was written", () => {
  expect(normalPhone(" ask  reception ", "US")).toBe("ask reception");
  expect(normalPhone("13800138000")).toBe("13800138000");
  expect(parsePhone("12", "US")).toBeUndefined();
  expect(phoneKey("ask reception", "US")).toBeUndefined();
});

test("e-mail addresses are kept in lower case, and compared without tags where providers ignore them", () => {
  expect(normalEmail(" Ada@MÜNCHEN.de ")).toBe("ada@xn--mnchen-3ya.de");
  expect(normalEmail("mailto:A.da+x@GMail.com")).toBe("a.da+x@gmail.com");
  expect(emailKey("A.da+x@GoogleMail.com")).toBe("ada@gmail.com");
  expect(emailKey("a.da+x@example.com")).toBe("a.da+x@example.com");
});

test("what mail can be sent to is an address", () => {
  for (const good of ["a@b.co", "o'brien@x.ie", '"a b"@c.de', "用户@例子.中国", "a@[192.0.2.1]"])
    expect(isEmail(good), good).toBe(true);
  for (const bad of [
    "a@b..c",
    ".a@b.c",
    "a b@c.de",
    "a@-b.de",
    "a\n@b.co",
    "a@b.co\r\nBcc: x@y.z",
    "@b.co",
    "a@",
  ])
    expect(isEmail(bad), bad).toBe(false);
  expect(isEmail(`${"a".repeat(65)}@b.co`)).toBe(false);
  expect(isEmail(`a@${"b".repeat(64)}.co`)).toBe(false);
});

test("countries by code and name", () => {
  const named = { Deutschland: "DE", germany: "DE", 中国: "CN", UK: "GB", usa: "US", México: "MX", de: "DE" };
  for (const [name, code] of Object.entries(named)) expect(countryCode(name), name).toBe(code);
  expect(countryCode("Atlantis")).toBeUndefined();
});

test("web addresses and domains", () => {
  expect(normalUrl("Example.COM/")).toBe("https://example.com");
  expect(normalUrl("http://www.x.de:80/a?b#c")).toBe("http://www.x.de/a?b#c");
  expect(normalUrl("see below")).toBe("see below");
  expect(normalUrl("javascript:alert(1)")).toBe("javascript:alert(1)");
  expect(normalDomain("https://www.Example.com/about")).toBe("example.com");
  expect(normalDomain("ada@Bücher.example")).toBe("xn--bcher-kva.example");
});

test("names of one company have one key", () => {
  const key = "acme holding";
  for (const name of [
    "The Acme Holding GmbH & Co. KG",
    "ACME HOLDING, Inc.",
    "Acme-Holding Pty Ltd",
    "acme holding s.r.o.",
  ])
    expect(companyKey(name), name).toBe(key);
  expect(companyKey("华为技术有限公司")).toBe(companyKey("华为技术"));
  expect(companyKey("株式会社トヨタ")).toBe(companyKey("トヨタ株式会社"));
  expect(companyKey("AG")).toBe("ag");
  expect(companyKey("Ben & Jerry's")).toBe("ben and jerrys");
});

test("spellings of one address have one key", () => {
  expect(addressKey("435 S. La Cienega Blvd.")).toBe(addressKey("435 south la cienega boulevard"));
  expect(addressKey("Hauptstr. 5")).toBe(addressKey("Hauptstraße 5"));
  expect(addressKey("10 Main St, near the station")).toBe("10 main street");
});

test("full names come apart", () => {
  const parts = {
    title: "Dr.",
    first: "Juan",
    middle: "Q.",
    last: "de la Vega",
    suffix: "Jr.",
    nickname: "",
  };
  expect(parsePersonName("Dr. Juan Q. de la Vega, Jr.")).toEqual(parts);
  expect(parsePersonName("de la Vega, Dr. Juan Q., Jr.")).toEqual(parts);
  expect(parsePersonName("王小明")).toMatchObject({ last: "王", first: "小明" });
  expect(parsePersonName("欧阳娜娜")).toMatchObject({ last: "欧阳", first: "娜娜" });
  expect(parsePersonName('Benjamin "Big Ben" Franklin')).toMatchObject({
    first: "Benjamin",
    nickname: "Big Ben",
  });
  expect(parsePersonName("Amy E Maid")).toMatchObject({ first: "Amy", middle: "E", last: "Maid" });
});

test("addresses of any kind are compared in the form in which they are kept", () => {
  expect(normalAddress("Ada@X.de")).toBe("ada@x.de");
  expect(normalAddress("138 0013 8000", "CN")).toBe("+8613800138000");
  expect(normalAddress("erased:AbC1234567", "US")).toBe("erased:abc1234567");
});

test("every form is its own form", () => {
  const anything = fc.oneof(
    fc.string({ unit: "grapheme" }),
    fc.string({ unit: "binary" }),
    fc.webUrl(),
    fc.emailAddress(),
    fc.stringMatching(/^\+?[0-9 ()x;ext=.-]{0,20}$/),
  );
  fc.assert(
    fc.property(
      anything,
      fc.constantFrom(...STANDARDS),
      fc.constantFrom("US", "CN", "DE", undefined),
      (text, as, country) => {
        const once = normalForm(as, text, { country });
        expect(normalForm(as, once, { country })).toBe(once);
      },
    ),
    { seed: 36, numRuns: 3000 },
  );
});
