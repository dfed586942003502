import { readFileSync } from "node:fs";
import type { Options } from "tsup";

type ExportTarget = string | Record<string, unknown>;

/**
 * One ESM build per package, with an entry for every subpath in `exports`, and for what processes start from.
 * Splitting keeps modules shared by two entries in one chunk, so each exists once at run time.
 * What is `bundled` is run from the package's own files; its types come from the dependency. Declarations are written afterwards by `declarations.mjs`,
 * and the CommonJS side by `cjs-shims.mjs`.
 */
export function libraryConfig(
  processes: Readonly<Record<string, string>> = {},
  bundled: readonly string[] = [],
): Options {
  return {
    entry: { ...entriesOf(JSON.parse(readFileSync("package.json", "utf8"))), ...processes },
    format: "esm",
    target: "node20",
    platform: "node",
    clean: true,
    splitting: true,
    treeshake: true,
    sourcemap: true,
    noExternal: bundled.map((name) => new RegExp(`^${name}(/|$)`)),
  };
}

interface Manifest {
  readonly exports: Record<string, ExportTarget>;
  /** Each is built from the source file of its name. */
  readonly bin?: Record<string, string>;
}

function entriesOf({ exports, bin = {} }: Manifest): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const path of Object.values(bin)) {
    const name = path.slice(path.lastIndexOf("/") + 1, -".js".length);
    entries[name] = `./src/${name}.ts`;
  }
  for (const [subpath, target] of Object.entries(exports)) {
    if (typeof target === "string") continue;
    entries[subpath === "." ? "index" : subpath.slice(2)] = String(target["@corm/source"]);
  }
  return entries;
}
