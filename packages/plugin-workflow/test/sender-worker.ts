import { type SenderOptions, senderCrm } from "./sender.js";

/** A worker that sends until it is killed. */
const crm = await senderCrm(JSON.parse(process.argv[2] as string) as SenderOptions);
crm.worker({ concurrency: 20, interval: 50 }).start();
process.stdout.write("at work\n");
