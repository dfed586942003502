import { handWritten } from "../contenders/hand-written.js";
import { knexContender } from "../contenders/knex.js";
import { knexOnSqlite } from "../contenders/knex-client.js";
import { firstAnswer } from "./first-answer.js";

await firstAnswer((path) =>
  handWritten(knexContender(knexOnSqlite(path, "full"), (column) => `substr(${column}, 1, 7)`)),
);
