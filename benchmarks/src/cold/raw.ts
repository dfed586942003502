import { rawContender } from "../contenders/raw.js";
import { sqliteDriver } from "../contenders/raw-driver.js";
import { firstAnswer } from "./first-answer.js";

await firstAnswer(async (path) => rawContender(sqliteDriver(path, "full")));
