import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = join(root, "node_modules/.cache/corm-tests");
const reader = "packages/core/src/storage/knex/drivers/sqlite-reader.ts";
const bundles = new Map<string, string>();

/**
 * A script of the tests in one file, with Corm as it is in the source. From 1,000 files a process takes seconds to start, and
 * what is killed a thousand times is started a thousand times. Made once in a run of a test file.
 */
export function bundleOf(script: URL): string {
  const found = bundles.get(script.href);
  if (found !== undefined) return found;
  const path = fileURLToPath(script);
  const outdir = join(folder, `${process.pid}-${bundles.size}`);
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, "package.json"), '{ "type": "module" }');
  const name = basename(path, ".ts");
  bundle({ [name]: path }, outdir);
  process.once("exit", () => rmSync(outdir, { recursive: true, force: true }));
  const bundled = join(outdir, `${name}.js`);
  bundles.set(script.href, bundled);
  return bundled;
}

/** Scripts by name, as `<name>.js` in a folder of their own; what they share is there once. */
export function bundle(scripts: Readonly<Record<string, string>>, outdir: string): void {
  buildSync({
    // The second is a process of its own that Corm starts from where it is.
    entryPoints: { ...scripts, "sqlite-reader": join(root, reader) },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    alias: sources(),
    logLevel: "error",
  });
}

let aliases: Record<string, string> | undefined;

/** Where the packages of this repository, and what core's build holds, come from; all others stay packages. */
function sources(): Record<string, string> {
  if (aliases) return aliases;
  aliases = {};
  for (const name of readdirSync(join(root, "packages"))) {
    const home = join(root, "packages", name);
    const { exports } = JSON.parse(readFileSync(join(home, "package.json"), "utf8")) as {
      exports: Record<string, string | Record<string, string>>;
    };
    for (const [subpath, target] of Object.entries(exports)) {
      if (typeof target === "string" || target["@corm/source"] === undefined) continue;
      aliases[`@corm/${name}${subpath.slice(1)}`] = join(home, target["@corm/source"]);
    }
  }
  for (const part of ["", "/schema", "/format"]) {
    aliases[`typebox${part}`] = fileURLToPath(import.meta.resolve(`typebox${part}`));
  }
  return aliases;
}
