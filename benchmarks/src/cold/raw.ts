import { handWritten } from "../contenders/hand-written.js";
import { rawContender } from "../contenders/raw.js";
import { sqliteDriver } from "../contenders/raw-driver.js";
import { firstAnswer } from "./first-answer.js";

await firstAnswer((path) => handWritten(rawContender(sqliteDriver(path, "full"))));
