import { openApp, readSettings } from "./app.js";

/** A process that works. Ends on SIGTERM once what it does is done, or given back. */
const { crm, stop } = await openApp(readSettings());
crm.worker({ concurrency: 10 }).start();
process.stdout.write("ready\n");
process.once("SIGTERM", () => void stop());
