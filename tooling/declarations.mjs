// Run in a package after tsup: writes its declarations, module by module, and one file per entry that leads to them.
// The native compiler does so in seconds; bundling declarations made up most of the time of a build.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const compiler = join(import.meta.dirname, "../node_modules/typescript-7/bin/tsc");
const options = {
  noEmit: "false",
  emitDeclarationOnly: "true",
  rootDir: "src",
  outDir: "dist/types",
  // Declarations refer to other packages as a consumer sees them: built.
  customConditions: "null",
};
const flags = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
execFileSync(process.execPath, [compiler, "--project", "tsconfig.json", ...flags], { stdio: "inherit" });

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
for (const target of Object.values(exports)) {
  if (typeof target === "string") continue;
  const module = target["@corm/source"].slice("./src/".length).replace(/\.ts$/, ".js");
  writeFileSync(target.import.types, `export * from "./types/${module}";\n`);
}
