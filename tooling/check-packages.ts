import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkConsumers } from "./consumers/check-consumers.js";
import { packPackages, runTool } from "./packed-packages.js";

/** Checks the packages as a registry would get them: packing, types for every resolver, real consumers. */
const folder = mkdtempSync(join(tmpdir(), "corm-packages-"));
try {
  const packages = packPackages(folder);
  const sound = packages.map(({ name, tarball }) => {
    const packing = runTool("publint", ["run", tarball, "--strict"]);
    // Subpaths need `exports`, which the resolver of Node 10 does not know: it is left out.
    const types = runTool("attw", [tarball, "--profile", "node16", "--no-emoji"]);
    console.log(`${name}: ${packing && types ? "packed and typed correctly" : "FAILED"}`);
    return packing && types;
  });
  const consumed = checkConsumers(packages, join(folder, "consumer"));
  console.log(`consumers: ${consumed ? "one instance from import and require" : "FAILED"}`);
  process.exitCode = consumed && sound.every(Boolean) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
