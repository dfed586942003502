import {
  account,
  activityTimeline,
  contact,
  defineTimelineSource,
  type TimelineSource,
  touchpoint,
} from "@corm/core";
import { captureSubmission } from "./entities/capture-submission.js";
import { lead } from "./entities/lead.js";

const conversions = (on: { readonly name: string }, reference: string): TimelineSource =>
  defineTimelineSource({
    on,
    entity: lead,
    reference,
    at: "convertedAt",
    kind: "leadConversion",
    title: ["firstName", "lastName", "company"],
    data: ["score", "createdAt"],
    actor: "ownerId",
  });

/** How leads came, what was done about them, and what they became. */
export const timeline: readonly TimelineSource[] = [
  conversions(contact, "convertedContactId"),
  conversions(account, "convertedAccountId"),
  defineTimelineSource({
    on: lead,
    entity: captureSubmission,
    reference: "leadId",
    at: "createdAt",
    title: ["status"],
    data: ["formId", "status", "values"],
    where: { status: { ne: "quarantined" } },
  }),
  defineTimelineSource({
    on: lead,
    entity: touchpoint,
    reference: "leadId",
    at: "capturedAt",
    title: ["channel", "source"],
    data: ["channel", "source", "details"],
  }),
  ...activityTimeline(lead, "leadId"),
];
