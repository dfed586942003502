import type { Contact, Where } from "@corm/core";
import type { Segment } from "../entities/segment.js";

/** The people of a segment, as a condition on contacts: the database finds them, no list is loaded. */
export function audienceOf(segment: Pick<Segment, "id" | "kind" | "where">): Where<Contact> {
  const condition =
    segment.kind === "static"
      ? { segmentMemberships: { some: { segmentId: segment.id } } }
      : { and: [segment.where ?? {}] };
  // A relation of this plugin, or whatever the segment's author wrote: checked when the segment was saved.
  return condition as Where<Contact>;
}
