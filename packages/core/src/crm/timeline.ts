import { defineTimelineSource, type TimelineSource } from "../timeline/define-timeline-source.js";
import { account } from "./entities/account.js";
import { activity } from "./entities/activity.js";
import { attachment } from "./entities/attachment.js";
import { consent } from "./entities/consent.js";
import { contact } from "./entities/contact.js";
import { note } from "./entities/note.js";
import { touchpoint } from "./entities/touchpoint.js";

/**
 * Activities on the timeline of whatever they are about, each once: where it was done, else where it is due, else where
 * it was written down.
 *
 * @param reference of the activity; plugins add their own
 */
export function activityTimeline(on: { readonly name: string }, reference: string): TimelineSource[] {
  const common = {
    on,
    entity: activity,
    reference,
    title: ["subject"],
    data: ["kind", "dueAt", "doneAt"],
    actor: "ownerId",
  } as const;
  const open = { doneAt: null };
  return [
    defineTimelineSource({ ...common, at: "doneAt" }),
    defineTimelineSource({ ...common, at: "dueAt", where: open }),
    defineTimelineSource({ ...common, at: "createdAt", where: { ...open, dueAt: null } }),
  ];
}

const touchpoints = (on: { readonly name: string }, reference: string): TimelineSource =>
  defineTimelineSource({
    on,
    entity: touchpoint,
    reference,
    at: "capturedAt",
    title: ["channel", "source"],
    data: ["channel", "source", "details"],
  });

const consents = (on: { readonly name: string }, reference: string): TimelineSource =>
  defineTimelineSource({
    on,
    entity: consent,
    reference,
    at: "decidedAt",
    title: ["channel", "decision", "topic"],
    data: ["channel", "decision", "topic", "legalBasis"],
  });

export const timeline: readonly TimelineSource[] = [
  ...activityTimeline(contact, "contactId"),
  ...activityTimeline(account, "accountId"),
  touchpoints(contact, "contactId"),
  touchpoints(account, "contact.accountId"),
  consents(contact, "contactId"),
  defineTimelineSource({
    entity: note,
    reference: "recordId",
    at: "createdAt",
    title: ["title"],
    data: ["title", "body"],
    actor: "ownerId",
  }),
  defineTimelineSource({
    entity: attachment,
    reference: "recordId",
    at: "createdAt",
    title: ["name"],
    data: ["name", "contentType", "size"],
    actor: "ownerId",
  }),
];
