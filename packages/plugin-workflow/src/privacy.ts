import { definePersonalData, type PersonalData } from "@corm/core";
import { notification } from "./entities/notification.js";
import { webhookDelivery } from "./entities/webhook-endpoint.js";
import { workflowRun, workflowStep, workflowWait } from "./entities/workflow-run.js";

/** What runs carry, and users were told, may name anybody. */
export const privacy: readonly PersonalData[] = [
  definePersonalData(workflowRun, {
    mentions: ["vars", "error"],
    erase: "anonymise",
    keep: ["path", "frames"],
  }),
  // They hang on runs, and tell of what the app has done.
  definePersonalData(workflowStep, {
    unrelated: ["runId"],
    mentions: ["error"],
    erase: "anonymise",
    keep: ["key", "kind"],
  }),
  definePersonalData(workflowWait, {
    unrelated: ["runId"],
    erase: { keep: "It says what a run waits for, and is gone with it." },
  }),
  definePersonalData(webhookDelivery, {
    mentions: ["payload"],
    erase: "anonymise",
    keep: ["messageId", "type", "log"],
    replace: { payload: "{}" },
  }),
  definePersonalData(notification, { mentions: ["title", "text"], erase: "delete" }),
];
