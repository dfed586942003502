import { account, activityTimeline, contact, defineTimelineSource, type TimelineSource } from "@corm/core";
import { opportunity } from "./entities/opportunity.js";
import { stageVisit } from "./entities/stage-visit.js";

const opportunities = (on: { readonly name: string }, reference: string): TimelineSource =>
  defineTimelineSource({
    on,
    entity: opportunity,
    reference,
    at: "createdAt",
    title: ["name"],
    data: ["stage", "status", "amount", "closeDate"],
    actor: "ownerId",
  });

const visits = (on: { readonly name: string }, reference: string): TimelineSource =>
  defineTimelineSource({
    on,
    entity: stageVisit,
    reference,
    at: "enteredAt",
    title: ["stage"],
    data: ["opportunityId", "stage", "seq", "backward", "amount"],
  });

/** Sales on the timelines of their customers, and each sale's own way through its stages. */
export const timeline: readonly TimelineSource[] = [
  opportunities(contact, "contactId"),
  opportunities(account, "accountId"),
  visits(opportunity, "opportunityId"),
  visits(contact, "opportunity.contactId"),
  visits(account, "opportunity.accountId"),
  ...activityTimeline(opportunity, "opportunityId"),
];
