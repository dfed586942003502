import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";

/**
 * The folders of `packages/core/src` from bottom to top.
 * A folder may import from itself and from those before it.
 */
export const CORE_ORDER = [
  "errors",
  "util",
  "cache",
  "templates",
  "standards",
  "schema",
  "entity",
  "files",
  "storage",
  "encryption",
  "model",
  "matching",
  "context",
  "access",
  "metrics",
  "timeline",
  "events",
  "routes",
  "hooks",
  "actions",
  "services",
  "jobs",
  "subscribers",
  "privacy",
  "plugin",
  "migrations",
  "runtime",
  "idempotency",
  "journal",
  "temporal",
  "provenance",
  "duplicates",
  "repository",
  "queue",
  "kernel",
  "data-protection",
  "merge",
  "crm",
  "import",
  "transfer",
  "http",
  "testing",
  "cli",
];

/** Folders that only re-export, so that a subpath of the package has an entry. They may import anything. */
export const CORE_ENTRIES = ["knex", "jwt", "oidc", "s3"];

/** The SQL engine is private to its folder: only these core folders may reach into `storage/knex`. */
export const KNEX_USERS = ["knex", "testing", "cli"];

/** Longest source file allowed. */
export const MAX_LINES = 400;

export type SourceFile = { readonly path: string; readonly text: string };
export type Import = { readonly file: string; readonly specifier: string; readonly target: string };

/** Every source file of the packages and examples, by its path in the repository. Tests are left out. */
export function readSources(root: string): SourceFile[] {
  return ["packages", "examples"]
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}/src`))
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => ({ path: path.split(sep).join("/"), text: readFileSync(join(root, path), "utf8") }));
}

const IMPORT = /(?:^|[^\w$.])(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

/** Imports of a file; `target` is the repository path for relative ones and the specifier for packages. */
export function importsOf({ path, text }: SourceFile): Import[] {
  return [...text.replace(COMMENT, "").matchAll(IMPORT)].map(([, specifier = ""]) => ({
    file: path,
    specifier,
    target: specifier.startsWith(".") ? join(dirname(path), specifier).split(sep).join("/") : specifier,
  }));
}

/** The folder of `packages/core/src` a path lies in: `undefined` outside core, `""` for files at the top. */
export function coreFolder(path: string): string | undefined {
  const inside = relative("packages/core/src", path).split(sep);
  if (inside[0] === "..") return undefined;
  return inside.length > 1 ? inside[0] : "";
}

/** Where the time of the day and chance come from: everything else is given them. */
export const CLOCKS = ["packages/core/src/util/clock.ts", "packages/client/src/send/sender.ts"];
/** Waits between tries on a file that another process has locked, which no test needs to foresee. */
export const WAITERS = ["patience.ts", "sqlite-lock.ts"].map(
  (name) => `packages/core/src/storage/knex/drivers/${name}`,
);

const TIME = /\bDate\.now\b|\bnew Date\(\s*\)/;
const CHANCE = /\bMath\.random\b/;

/** What a file takes from its surroundings although it should be given it. */
export function ownTime({ path, text }: SourceFile): string[] {
  const code = text.replace(COMMENT, "");
  const found: string[] = [];
  if (TIME.test(code) && !CLOCKS.includes(path)) found.push(`${path} reads the time itself`);
  if (CHANCE.test(code) && ![...CLOCKS, ...WAITERS].includes(path)) found.push(`${path} rolls its own dice`);
  return found;
}
