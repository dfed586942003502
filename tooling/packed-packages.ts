import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..");

export type PackedPackage = {
  readonly name: string;
  readonly tarball: string;
  /** Import specifiers of every entry point that has code. */
  readonly entries: readonly string[];
};

/** Packs every published package into `folder`, as `npm publish` would. */
export function packPackages(folder: string): PackedPackage[] {
  return readdirSync(join(root, "packages")).map((directory) => {
    const path = join(root, "packages", directory);
    const { name, exports } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const output = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder, path], {
      encoding: "utf8",
    });
    return { name, tarball: join(folder, output.trim()), entries: entriesOf(name, exports) };
  });
}

function entriesOf(name: string, exports: Record<string, unknown>): string[] {
  return Object.keys(exports)
    .filter((subpath) => subpath !== "./package.json")
    .map((subpath) => name + subpath.slice(1));
}

/** Runs a program of `node_modules/.bin`; its output appears only when it fails. */
export function runTool(name: string, args: readonly string[], cwd = root): boolean {
  // Two compilers are installed, and only one of them can be in `.bin`.
  const path = name === "tsc" ? "node_modules/typescript/bin/tsc" : `node_modules/.bin/${name}`;
  try {
    execFileSync(join(root, path), args, { cwd, stdio: "pipe", encoding: "utf8" });
    return true;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    console.error(`${name} ${args.join(" ")}\n${stdout ?? ""}${stderr ?? ""}`);
    return false;
  }
}
