import { rotateKeys } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { practice } from "./patients.js";

/** Rotates the keys of tenant `test` in small batches, and says so after each. */
const [url = ""] = process.argv.slice(2);
const { crm } = await createTestCrm({ plugins: [practice()], storage: knexStorage({ url }) });
process.stdout.write("ready\n");
await rotateKeys(crm, {
  batch: 5,
  onProgress: ({ done }) => process.stdout.write(`${done}\n`),
});
process.stdout.write("done\n");
await crm.stop();
