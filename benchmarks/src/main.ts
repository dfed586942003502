import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { build } from "tsup";

/**
 * `npm run bench`: bundles the benchmark with the packages as they are, the way the packages themselves are
 * built, and runs that. Run from source, the loader's own bookkeeping would be measured as well.
 */
const out = join(import.meta.dirname, "../.cache");

await build({
  config: false,
  entry: {
    run: join(import.meta.dirname, "run.ts"),
    "http-server": join(import.meta.dirname, "http-server.ts"),
    "sqlite-reader": join(
      import.meta.dirname,
      "../../packages/core/src/storage/knex/drivers/sqlite-reader.ts",
    ),
    transfer: join(import.meta.dirname, "transfers/transfer.ts"),
    "cold-corm": join(import.meta.dirname, "cold/corm.ts"),
    "cold-knex": join(import.meta.dirname, "cold/knex.ts"),
    "cold-raw": join(import.meta.dirname, "cold/raw.ts"),
  },
  outDir: out,
  format: "esm",
  target: "node20",
  platform: "node",
  splitting: true,
  treeshake: true,
  clean: true,
  silent: true,
  sourcemap: true,
  // The packages, and what their builds hold.
  noExternal: [/^@corm\//, /^typebox/],
  external: [/^(?!@corm\/|typebox)[^./]/],
  esbuildOptions(options) {
    options.conditions = ["@corm/source"];
  },
});

const args = ["--enable-source-maps", join(out, "run.js"), ...process.argv.slice(2)];
const run = spawnSync(process.execPath, args, { stdio: "inherit" });
process.exitCode = run.status ?? 1;
