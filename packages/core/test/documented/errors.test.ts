import { readdirSync, readFileSync } from "node:fs";
import type { ErrorFactory } from "@corm/core";
import * as core from "@corm/core";
import { expect, it } from "vitest";

const src = new URL("../../src/", import.meta.url);
const page = readFileSync(new URL("../../../../docs/reference/errors.md", import.meta.url), "utf8");

/** Rows of the tables with five columns: code, status, title, when, what to do. */
const rows = page
  .split("\n")
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .filter((cells) => cells.length === 7 && cells[1]?.startsWith("`"))
  .map(([, code = "", status, title, when, advice]) => ({
    code: code.replaceAll("`", ""),
    status: Number(status),
    title,
    when,
    advice,
  }));

const isFactory = (value: unknown): value is ErrorFactory<object> =>
  typeof value === "function" && "code" in value && "is" in value && "status" in value;

/** Every error that a module of core defines, by the files that call `defineError`. */
async function definedErrors(within = /./): Promise<ErrorFactory<object>[]> {
  const files = (readdirSync(src, { recursive: true, encoding: "utf8" }) as string[]).filter(
    (file) => within.test(file) && file.endsWith(".ts") && !file.endsWith(".test.ts"),
  );
  const found: ErrorFactory<object>[] = [];
  for (const file of files) {
    const text = readFileSync(new URL(file, src), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const calls = [...text.matchAll(/= defineError[<(]/g)].length;
    if (calls === 0) continue;
    const factories = Object.values((await import(new URL(file, src).href)) as object).filter(isFactory);
    expect(factories, `${file} exports every error that it defines`).toHaveLength(calls);
    found.push(...factories);
  }
  return found;
}

const byCode = (a: { code: string }, b: { code: string }) => (a.code < b.code ? -1 : 1);

it("lists every error of core with its status and title, and no other", async () => {
  const defined = (await definedErrors()).map(({ code, status, title }) => ({ code, status, title }));
  const documented = rows.map(({ code, status, title }) => ({ code, status, title }));
  expect(new Set(defined.map(({ code }) => code)).size, "codes are unique").toBe(defined.length);
  expect([...documented].sort(byCode)).toEqual([...defined].sort(byCode));
});

it("says of every error when it comes and what to do", () => {
  for (const { code, when, advice } of rows) {
    expect(when?.length, code).toBeGreaterThan(9);
    expect(advice?.length, code).toBeGreaterThan(9);
  }
});

it("is about errors that a caller of core can compare with", async () => {
  const exported = new Set(
    Object.values(core)
      .filter(isFactory)
      .map(({ code }) => code),
  );
  // Answers of HTTP reach a caller as problem documents.
  const http = new Set((await definedErrors(/^(http|idempotency)\//)).map(({ code }) => code));
  expect(rows.map(({ code }) => code).filter((code) => !exported.has(code) && !http.has(code))).toEqual([]);
});
