import { defineConfig } from "tsup";
import { libraryConfig } from "../../tooling/tsup.js";

const config = libraryConfig();
const { compilerOptions } = config.dts as { compilerOptions: object };

/**
 * For browsers as well. The types of queries are core's: read from their source and copied into the declarations, so
 * that a front end need not install core.
 */
export default defineConfig({
  ...config,
  platform: "neutral",
  target: "es2022",
  dts: { compilerOptions: { ...compilerOptions, paths: { "@corm/core": ["./core-types.ts"] } } },
});
