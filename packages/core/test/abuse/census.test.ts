import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** The numbers of the design's abuse cases, by group. */
const CASES: Readonly<Record<string, string>> = {
  A: "1-12",
  B: "13-15 17-21 23-28",
  C: "29-32 34-36 38-40",
  D: "41-44 46-48 50",
  E: "52 53 55",
  F: "56-59",
  G: "61-63 65 66",
  H: "67-74",
  I: "76 79",
  J: "80-85 87 88",
  K: "89-94",
  L: "95 97-99",
  M: "100-103",
  N: "105-109 111",
  O: "113 114 116-119 121",
};

const root = new URL("../../../../", import.meta.url);
const FOLDERS = ["packages", "examples"];

function rangeOf(group: string, numbers: string): string[] {
  return numbers.split(" ").flatMap((part) => {
    const [from = 0, to = from] = part.split("-").map(Number);
    return Array.from({ length: to - from + 1 }, (_, n) => `${group}${from + n}`);
  });
}

/** Numbers at the beginning of the names of tests: `"C29–C35 a hidden field …"`. */
function numbersOf(text: string): string[] {
  const names = text.matchAll(/["'`](([A-O])(\d{1,3})(?:–\2(\d{1,3}))?):? [^"'`\n]{8,}/g);
  return [...names].flatMap(([, , group = "", from = "", to = from]) => rangeOf(group, `${from}-${to}`));
}

function tested(): Set<string> {
  const found = new Set<string>();
  for (const folder of FOLDERS) {
    const base = new URL(`${folder}/`, root);
    for (const file of readdirSync(base, { recursive: true, encoding: "utf8" }))
      if (file.endsWith(".test.ts") && !file.includes("node_modules"))
        for (const number of numbersOf(readFileSync(new URL(file, base), "utf8"))) found.add(number);
  }
  return found;
}

/** Rows of the README: a number, or a range of them, and why it has no test. */
function excused(): Map<string, string> {
  const page = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const rows = page.matchAll(/^\| ([A-O])([\d-]+) \| (.+) \|$/gm);
  return new Map(
    [...rows].flatMap(([, group = "", numbers = "", reason = ""]) =>
      rangeOf(group, numbers).map((number) => [number, reason] as const),
    ),
  );
}

it("has a test, or a reason, for every abuse case of the design, and no reason where there is a test", () => {
  const [tests, reasons] = [tested(), excused()];
  const all = Object.entries(CASES).flatMap(([group, numbers]) => rangeOf(group, numbers));
  expect(all.length).toBe(101);
  expect(all.filter((number) => !tests.has(number) && !reasons.has(number))).toEqual([]);
  expect(all.filter((number) => tests.has(number) && reasons.has(number))).toEqual([]);
  expect([...reasons.keys()].filter((number) => !all.includes(number))).toEqual([]);
  for (const [number, reason] of reasons) expect(reason.length, number).toBeGreaterThan(20);
});
