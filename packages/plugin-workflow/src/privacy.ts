import { definePersonalData, type PersonalData } from "@corm/core";
import { approval, approvalVote } from "./entities/approval.js";
import { notification } from "./entities/notification.js";
import { webhookDelivery } from "./entities/webhook-endpoint.js";
import { workflowRun, workflowStep, workflowWait } from "./entities/workflow-run.js";

/** What runs carry, and users were told, is about the record that they name, and may mention anybody. */
export const privacy: readonly PersonalData[] = [
  definePersonalData(workflowRun, {
    on: { entity: "target", record: "recordId" },
    mentions: ["vars", "error"],
    erase: "anonymise",
    keep: ["path", "frames"],
  }),
  definePersonalData(workflowStep, {
    by: ["runId"],
    mentions: ["error"],
    erase: "anonymise",
    keep: ["key", "kind"],
  }),
  definePersonalData(workflowWait, {
    unrelated: ["runId"],
    erase: { keep: "It says what a run waits for, and is gone with it." },
  }),
  definePersonalData(webhookDelivery, {
    on: { entity: "entity", record: "recordId" },
    mentions: ["payload"],
    erase: "anonymise",
    keep: ["messageId", "type", "log"],
    replace: { payload: "{}" },
  }),
  definePersonalData(notification, {
    on: { entity: "entity", record: "recordId" },
    mentions: ["title", "text"],
    erase: "delete",
  }),
  // Who decided what, and when, stays; what was said of it may be of the person.
  definePersonalData(approval, {
    on: { entity: "target", record: "recordId" },
    mentions: ["comment"],
    erase: "anonymise",
    keep: ["pinned", "lock"],
  }),
  definePersonalData(approvalVote, { by: ["approvalId"], mentions: ["comment"], erase: "anonymise" }),
];
