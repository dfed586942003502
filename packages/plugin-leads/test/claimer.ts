import { createCrm, crmCore, isCormError } from "@corm/core";
import { storageAt } from "../../core/test/support/databases.js";
import { leads } from "../src/index.js";

/** A process in which one person claims all leads of a pool, one after another, beginning where the others do. */
const { url, userId, poolId, ids } = JSON.parse(process.argv[2] as string) as {
  url: string;
  userId: string;
  poolId: string;
  ids: string[];
};
const crm = await createCrm({ storage: storageAt(url), plugins: [crmCore(), leads()], tenant: "test" });
const me = crm.as({ actor: { kind: "user", id: userId }, userId, tenant: "test", roles: ["admin"] });
const got: string[] = [];
const refused: string[] = [];
for (const id of ids) {
  try {
    got.push(...(await me.entities.leadPool.claim({ poolId, leadIds: [id] })).claimed);
  } catch (error) {
    refused.push(isCormError(error) ? error.code : String(error));
  }
}
process.stdout.write(`${JSON.stringify({ got, refused })}\n`);
await crm.stop();
