import { defineSubscriber } from "@corm/core";
import { notifyEndpoints } from "../webhooks/notify-endpoints.js";

/** Reads the journal, and queues what other systems want to hear of. */
export const tellEndpoints = defineSubscriber("workflow.endpoints", {
  capability: "workflow.webhooks",
  handle: async (entries, tx) => notifyEndpoints(tx, entries),
});
