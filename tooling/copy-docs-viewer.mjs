// Run in packages/core after tsup: copies the viewer of `GET /docs` with its licences into the package.
import { copyFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const { resolve } = createRequire(join(process.cwd(), "package.json"));
const target = "dist/docs-viewer";
mkdirSync(target, { recursive: true });
for (const file of [
  "swagger-ui-bundle.js",
  "swagger-ui-bundle.js.LICENSE.txt",
  "swagger-ui.css",
  "LICENSE",
  "NOTICE",
])
  copyFileSync(resolve(`swagger-ui-dist/${file}`), join(target, file));
