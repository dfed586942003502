import { knexContender } from "../contenders/knex.js";
import { knexOnSqlite } from "../contenders/knex-client.js";
import { firstAnswer } from "./first-answer.js";

await firstAnswer(async (path) =>
  knexContender(knexOnSqlite(path, "full"), (column) => `substr(${column}, 1, 7)`),
);
