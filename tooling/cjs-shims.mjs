// Run in a package after tsup: gives every ESM entry its CommonJS twin, so that `import` and `require`
// load one and the same instance (docs/decisions/0001-dual-packages-one-instance.md).
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const { exports } = JSON.parse(readFileSync("package.json", "utf8"));
for (const target of Object.values(exports)) {
  if (typeof target === "string") continue;
  const file = target.require.default;
  const name = file.slice(file.lastIndexOf("/") + 1, -".cjs".length);
  writeFileSync(file, `module.exports = require("./${name}.js");\n`);
}

// Declarations keep their shape; only relative specifiers follow the extension.
const relative = /(from\s*|import\s*\(?\s*)(["'])(\.{1,2}\/[^"']+)\.js\2/g;
for (const file of readdirSync("dist", { recursive: true })) {
  if (!file.endsWith(".d.ts")) continue;
  const source = readFileSync(`dist/${file}`, "utf8");
  const twin = source.replace(relative, "$1$2$3.cjs$2").replace(/\/\/# sourceMappingURL=.*\n?/, "");
  writeFileSync(`dist/${file.slice(0, -".ts".length)}.cts`, twin);
}
