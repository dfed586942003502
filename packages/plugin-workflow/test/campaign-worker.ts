import { type CampaignOptions, campaignCrm } from "./campaign.js";

/** A worker that goes on until it is killed. */
const crm = await campaignCrm(JSON.parse(process.argv[2] as string) as CampaignOptions);
crm.worker({ concurrency: 10, interval: 50 }).start();
process.stdout.write("at work\n");
