import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type PackedPackage, root, runTool } from "../packed-packages.js";

/**
 * Installs the packed packages into a project of their own, type-checks a CommonJS and an ESM consumer
 * against them, and runs both in one process to see that each package exists once.
 */
export function checkConsumers(packages: readonly PackedPackage[], project: string): boolean {
  install(packages, project);
  cpSync(join(import.meta.dirname, "fixtures"), project, { recursive: true });
  writeFileSync(join(project, "required.cts"), requireAll(packages));
  writeFileSync(join(project, "imported.mts"), importAll(packages));
  if (!runTool("tsc", ["--project", "tsconfig.json"], project)) return false;
  return spawnSync(process.execPath, ["out/main.mjs"], { cwd: project, stdio: "inherit" }).status === 0;
}

/** Ours are unpacked, all others linked from the repository: quick, and needs no network. */
function install(packages: readonly PackedPackage[], project: string): void {
  const modules = join(project, "node_modules");
  for (const { name, tarball } of packages) {
    mkdirSync(join(modules, name), { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "--strip-components=1", "-C", join(modules, name)]);
  }
  for (const name of installedPackages()) {
    if (existsSync(join(modules, name))) continue;
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, "node_modules", name), join(modules, name), "junction");
  }
}

function installedPackages(): string[] {
  const list = (folder: string) => readdirSync(join(root, "node_modules", folder));
  const scopes = list("").filter((name) => name.startsWith("@") && name !== "@corm");
  const plain = list("").filter((name) => !name.startsWith("@") && !name.startsWith("."));
  return [...plain, ...scopes.flatMap((scope) => list(scope).map((name) => `${scope}/${name}`))];
}

const entriesOf = (packages: readonly PackedPackage[]) => packages.flatMap(({ entries }) => entries);

function requireAll(packages: readonly PackedPackage[]): string {
  const entries = entriesOf(packages);
  const lines = entries.map((entry, index) => `import m${index} = require("${entry}");`);
  return `${lines.join("\n")}\nexport = { ${entries.map((entry, i) => `"${entry}": m${i}`).join(", ")} };\n`;
}

function importAll(packages: readonly PackedPackage[]): string {
  const entries = entriesOf(packages);
  const lines = entries.map((entry, index) => `import * as m${index} from "${entry}";`);
  return `${lines.join("\n")}\nexport default { ${entries.map((entry, i) => `"${entry}": m${i}`).join(", ")} };\n`;
}
