import { contact, defineTimelineSource, type TimelineSource } from "@corm/core";
import { delivery } from "./entities/delivery.js";

/** Mail on the timeline of whom it went to. */
export const timeline: readonly TimelineSource[] = [
  defineTimelineSource({
    on: contact,
    entity: delivery,
    reference: "contactId",
    at: "sentAt",
    title: ["state", "address"],
    data: ["mailingId", "state", "address"],
  }),
];
