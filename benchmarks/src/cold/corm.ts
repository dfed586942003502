import { sqlite } from "@corm/core/knex";
import { startCrm } from "../app/crm.js";
import { cormContender } from "../contenders/corm.js";
import { firstAnswer } from "./first-answer.js";

await firstAnswer(async (path) =>
  cormContender(await startCrm(sqlite(path, { driver: "@photostructure/sqlite" }))),
);
