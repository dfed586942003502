import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  CORE_ENTRIES,
  CORE_ORDER,
  coreFolder,
  type Import,
  importsOf,
  KNEX_USERS,
  MAX_LINES,
  ownTime,
  readSources,
  type SourceFile,
} from "./boundaries.js";

const root = join(import.meta.dirname, "..");
const sources = readSources(root);
const imports = sources.flatMap(importsOf);

const show = ({ file, specifier }: Import) => `${file} imports "${specifier}"`;
const packageOf = (path: string) => path.split("/").slice(0, 2).join("/");
const isPackage = (name: string, specifier: string) => specifier === name || specifier.startsWith(`${name}/`);

describe("core", () => {
  test("has only folders with a place in the order", () => {
    const folders = new Set(sources.map(({ path }) => coreFolder(path) || CORE_ORDER[0]!));
    expect([...folders].filter((name) => ![...CORE_ORDER, ...CORE_ENTRIES].includes(name))).toEqual([]);
  });

  test("imports downwards only", () => {
    expect(imports.filter(pointsUpwards).map(show)).toEqual([]);
  });

  test("keeps the SQL engine behind its entry point", () => {
    const intruders = imports.filter(({ file, target }) => {
      const fromOutside = !file.startsWith("packages/core/src/storage/knex/");
      const allowed = KNEX_USERS.includes(coreFolder(file) ?? "");
      return fromOutside && !allowed && target.startsWith("packages/core/src/storage/knex/");
    });
    expect(intruders.map(show)).toEqual([]);
  });
});

test("time comes from the injected clock, and chance from what is given", () => {
  expect(sources.flatMap(ownTime)).toEqual([]);
  expect(
    ownTime({ path: "packages/core/src/x.ts", text: "// Date.now()\nconst a = new Date( );" }),
  ).toHaveLength(1);
  expect(
    ownTime({ path: "packages/core/src/x.ts", text: "const a = new Date(1), b = Math.random();" }),
  ).toHaveLength(1);
});

describe("packages", () => {
  const inPackages = imports.filter(({ file }) => file.startsWith("packages/"));

  test("mention knex in core's storage folder only", () => {
    const users = inPackages.filter(({ specifier }) => isPackage("knex", specifier));
    expect(users.filter(({ file }) => coreFolder(file) !== "storage").map(show)).toEqual([]);
  });

  test("import hono in core's http folder only", () => {
    const users = inPackages.filter(
      ({ specifier }) => isPackage("hono", specifier) || specifier.startsWith("@hono/"),
    );
    expect(users.filter(({ file }) => coreFolder(file) !== "http").map(show)).toEqual([]);
  });

  test("give the client of front ends nothing of Node and nothing of core but types", () => {
    const own = sources.filter(({ path }) => path.startsWith("packages/client/src/"));
    expect(own.length).toBeGreaterThan(5);
    const foreign = own
      .map(({ path, text }) => ({
        path,
        text: text.replace(/(?:import|export) type \{[^}]*\} from "@corm\/core";/g, ""),
      }))
      .flatMap(importsOf)
      .filter(({ specifier }) => !specifier.startsWith("."));
    expect(foreign.map(show)).toEqual([]);
  });

  test("reach each other by package name, never into another's files", () => {
    const trespassers = imports.filter(({ file, specifier, target }) =>
      specifier.startsWith(".")
        ? packageOf(target) !== packageOf(file)
        : /^@corm\/[^/]+\/(src|dist)(\/|$)/.test(specifier),
    );
    expect(trespassers.map(show)).toEqual([]);
  });

  test(`have no source file over ${MAX_LINES} lines`, () => {
    const lines = ({ text }: SourceFile) => text.trimEnd().split("\n").length;
    const long = sources.filter((source) => lines(source) > MAX_LINES);
    expect(long.map((source) => `${source.path}: ${lines(source)} lines`)).toEqual([]);
  });
});

/** Files at the top of core and its re-exporting entries stand above every folder. */
function pointsUpwards({ file, target }: Import): boolean {
  const from = coreFolder(file);
  const to = coreFolder(target);
  if (!from || CORE_ENTRIES.includes(from) || to === undefined || to === from) return false;
  return !CORE_ORDER.includes(to) || CORE_ORDER.indexOf(to) > CORE_ORDER.indexOf(from);
}

describe("the import reader", () => {
  test("finds every form of import and no commented one", () => {
    const text = [
      'import { a } from "./a.js";',
      'import type { B } from "../b/b.js";',
      'export * from "../c.js";',
      'import "side-effect";',
      'const d = await import("../d/d.js");',
      '// import { no } from "./no.js";',
      '/** import { no } from "./no.js"; */',
      'const text = Array.from("not one");',
    ].join("\n");
    expect(importsOf({ path: "packages/core/src/x/file.ts", text }).map(({ target }) => target)).toEqual([
      "packages/core/src/x/a.js",
      "packages/core/src/b/b.js",
      "packages/core/src/c.js",
      "side-effect",
      "packages/core/src/d/d.js",
    ]);
  });

  test("knows upward edges", () => {
    const edge = (file: string, target: string) =>
      pointsUpwards({
        file: `packages/core/src/${file}`,
        specifier: "",
        target: `packages/core/src/${target}`,
      });
    expect(edge("errors/a.ts", "kernel/b.js")).toBe(true);
    expect(edge("errors/a.ts", "index.js")).toBe(true);
    expect(edge("errors/a.ts", "unknown/b.js")).toBe(true);
    expect(edge("kernel/a.ts", "errors/b.js")).toBe(false);
    expect(edge("kernel/a.ts", "kernel/deep/b.js")).toBe(false);
    expect(edge("index.ts", "http/b.js")).toBe(false);
  });
});
