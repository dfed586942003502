import { openKilled } from "./killed.js";

/** A worker, until it is killed. */
const [url = "", prefix = "", redis] = (process.argv[2] ?? "").split(" ");
const crm = await openKilled(url, prefix, redis);
crm.worker({ concurrency: 8, interval: 50 }).start();
process.stdout.write("ready\n");
