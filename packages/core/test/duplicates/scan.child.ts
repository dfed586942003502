import { knexStorage } from "@corm/core/knex";
import { openScanned } from "./scanned.js";

/** A worker, until it is killed. */
const [url = ""] = process.argv.slice(2);
const crm = await openScanned(knexStorage({ url }));
crm.worker({ concurrency: 1, interval: 20 }).start();
process.stdout.write("ready\n");
