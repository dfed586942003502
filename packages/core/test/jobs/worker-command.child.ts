import { fileURLToPath } from "node:url";
import { createCrm, crmCore } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { runCli } from "../../src/cli/run.js";
import { notes } from "./worker-command.js";

const [url = ""] = process.argv.slice(2);

/** As the file of an app that `corm worker` is given: this one. */
export const crm = () =>
  createCrm({ storage: knexStorage({ url }), plugins: [crmCore(), notes()], tenant: "t", migrate: "off" });

void runCli(["worker", fileURLToPath(import.meta.url)], process.env, {
  out: (line) => process.stdout.write(`${line}\n`),
  error: (line) => process.stderr.write(`${line}\n`),
}).then((code) => {
  process.exitCode = code;
});
