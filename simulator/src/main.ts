import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundle } from "./bundle.js";
import { mutants } from "./mutants.js";

/**
 * `npm run simulate -- --seeds 1000`: plays all scenarios, or the one of `--scenario`. `--mutant name` builds a fault in,
 * which must be found.
 */
const args = process.argv.slice(2);
const at = args.indexOf("--mutant");
const name = at < 0 ? undefined : args.splice(at, 2)[1];
const mutant = mutants.find((one) => one.name === name);
if (name !== undefined && !mutant)
  throw new Error(
    `There is no mutant "${name}". There are:\n${mutants.map((one) => `  ${one.name}`).join("\n")}`,
  );
const file = await bundle(join(import.meta.dirname, "../.cache/run"), mutant);
const run = spawnSync(process.execPath, ["--enable-source-maps", file, ...args], { stdio: "inherit" });
process.exitCode = run.status ?? 1;
