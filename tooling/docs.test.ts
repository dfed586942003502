import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundle } from "../packages/core/test/support/bundle.js";

/** Every ```ts block of the documentation compiles; those marked `run` also run. */
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** Inside the repository, so that package names resolve. */
const out = join(root, "node_modules", ".cache", "corm-docs");

interface Block {
  readonly place: string;
  readonly file: string;
  readonly run: boolean;
}

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownFiles(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

function readmes(): string[] {
  const folders = ["packages", "examples"].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(root, folder, name, "README.md")),
  );
  return [join(root, "README.md"), ...folders, ...markdownFiles(join(root, "docs"))];
}

function extract(): Block[] {
  const blocks: Block[] = [];
  for (const path of readmes()) {
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") continue;
      throw error;
    }
    for (const match of text.matchAll(/^```ts(.*)\n([\s\S]*?)^```$/gm)) {
      const line = text.slice(0, match.index).split("\n").length;
      const place = `${relative(root, path)}:${line}`;
      const file = join(out, `${place.replace(/[^a-zA-Z0-9]/g, "-")}.mts`);
      writeFileSync(file, `${match[2]}\nexport {};\n`);
      blocks.push({ place, file, run: (match[1] ?? "").trim() === "run" });
    }
  }
  return blocks;
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
const blocks = extract();
let problems: string[] = [];

beforeAll(() => {
  const config = join(out, "tsconfig.json");
  const options = {
    extends: join(root, "tsconfig.base.json"),
    compilerOptions: { noEmit: true, types: ["node"], noUnusedLocals: false, noUnusedParameters: false },
    files: blocks.map((block) => block.file),
  };
  writeFileSync(config, JSON.stringify(options));
  const tsc = join(root, "node_modules", "typescript-7", "bin", "tsc");
  const run = spawnSync(process.execPath, [tsc, "--project", config, "--pretty", "false"], {
    encoding: "utf8",
  });
  problems = run.stdout.split("\n").filter(Boolean);
}, 300_000);

// From the source each would take seconds to start.
const runnable = blocks.filter((block) => block.run);
const bundled = join(out, "bundled");
beforeAll(() => {
  mkdirSync(bundled);
  writeFileSync(join(bundled, "package.json"), '{ "type": "module" }');
  bundle(Object.fromEntries(runnable.map(({ file }) => [basename(file, ".mts"), file])), bundled);
}, 60_000);

afterAll(() => rmSync(out, { recursive: true, force: true }));

describe("documentation", () => {
  test("has examples", () => {
    expect(blocks.length).toBeGreaterThan(5);
  });

  test.each(blocks)("$place compiles", ({ file }) => {
    const name = file.slice(file.lastIndexOf("/") + 1);
    expect(problems.filter((problem) => problem.includes(name))).toEqual([]);
  });

  test("no other problem", () => {
    const own = blocks.map((block) => block.file.slice(block.file.lastIndexOf("/") + 1));
    expect(
      problems.filter((problem) => /error TS/.test(problem) && !own.some((name) => problem.includes(name))),
    ).toEqual([]);
  });

  test.each(runnable)(
    "$place runs",
    ({ file }) => {
      const run = spawnSync(process.execPath, [join(bundled, `${basename(file, ".mts")}.js`)], {
        encoding: "utf8",
        cwd: out,
        timeout: 60_000,
      });
      expect({ status: run.status, stderr: run.stderr }).toEqual({ status: 0, stderr: "" });
    },
    90_000,
  );
});
