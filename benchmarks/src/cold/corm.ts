import { createCrm, crmCore } from "@corm/core";
import { createHttp } from "@corm/core/http";
import { sqlite } from "@corm/core/knex";
import { analytics } from "@corm/plugin-analytics";
import { leads } from "@corm/plugin-leads";
import { marketing } from "@corm/plugin-marketing";
import { sales } from "@corm/plugin-sales";
import { service } from "@corm/plugin-service";
import { workflow } from "@corm/plugin-workflow";
import { deals } from "../app/deals.js";
import { encryptionKeys, tenant } from "../app/identity.js";
import { firstAnswer } from "./first-answer.js";

/** Everything that Corm is, where the others are the one handler that is asked. */
const plugins = () => [crmCore(), workflow(), analytics(), leads(), marketing(), sales(), service(), deals()];

await firstAnswer(async (path) => {
  const storage = sqlite(path, { driver: "@photostructure/sqlite" });
  return createHttp(
    await createCrm({
      storage,
      plugins: plugins(),
      tenant,
      currency: "EUR",
      encryption: { keys: encryptionKeys },
    }),
  );
});
