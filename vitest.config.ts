import { defineConfig } from "vitest/config";
import LongFirst from "./tooling/long-first.js";

/**
 * Packages resolve to their sources (the `@corm/source` export condition): tests need no build. The list is
 * passed on to Node.js, where "import" would give the `require` of CommonJS packages such as pg the wrong files.
 */
const conditions = ["@corm/source", "module", "node"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions }, noExternal: [/^@corm\//] },
  test: {
    include: [
      "packages/*/src/**/*.test.ts",
      "packages/*/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "simulator/test/**/*.test.ts",
      "tooling/**/*.test.ts",
    ],
    exclude: ["**/node_modules/**", "**/dist/**"],
    pool: "forks",
    // Loading the packages takes a file longer than its tests. Nothing in them lives in a module but what is the same for all.
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    passWithNoTests: false,
    // A machine of CI that stalls for a second must not refuse a change. What passed only then is named at the end.
    retry: process.env["CI"] ? 1 : 0,
    reporters: ["default", "./tooling/test-summary.ts"],
    coverage: {
      provider: "v8",
      include: ["packages/*/src/**/*.ts"],
      exclude: ["**/*.test.ts", "**/migrations/**"],
      reporter: ["text-summary", "html", "json-summary"],
    },
  },
});
