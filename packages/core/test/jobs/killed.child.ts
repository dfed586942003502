import { openKilled } from "./killed.js";

/** A worker, until it is killed. */
const [url = ""] = process.argv.slice(2);
const crm = await openKilled(url, process.env["CORM_MUTANT"] !== "fence");
crm.worker({ concurrency: 8, interval: 50 }).start();
process.stdout.write("ready\n");
