import { eraseSubject, resumeErasures } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { createTestCrm } from "@corm/core/testing";
import { everything } from "./people.js";

/** Erases one contact of tenant `test`, or goes on with what was begun, and says so after each batch. */
const [url = ""] = process.argv.slice(2);
const id = process.env["CORM_TEST_CONTACT"] ?? "";
const { crm, me } = await createTestCrm({
  plugins: everything,
  storage: knexStorage({ url }),
  seed: Number(process.env["CORM_TEST_SEED"]),
});
process.stdout.write("ready\n");
const onProgress = ({ entity, done }: { entity: string; done: number }) =>
  void process.stdout.write(`${entity} ${done}\n`);
if (id === "") await resumeErasures(me, { onProgress });
else await eraseSubject(me, { entity: "contact", id }, { onProgress });
process.stdout.write("done\n");
await crm.stop();
