import { defineConfig } from "tsup";
import { libraryConfig } from "../../tooling/tsup.js";

/**
 * For browsers as well. The types of queries are core's: read from their source and copied into the declarations, so
 * that a front end need not install core.
 */
export default defineConfig({
  ...libraryConfig(),
  platform: "neutral",
  target: "es2022",
  dts: {
    compilerOptions: {
      // tsup sets `baseUrl` itself, which TypeScript 6 reports as deprecated.
      ignoreDeprecations: "6.0",
      customConditions: [],
      paths: { "@corm/core": ["./core-types.ts"] },
    },
  },
});
