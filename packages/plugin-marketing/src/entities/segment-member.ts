import { contact, defineEntity, extendEntity, type Input, many, one, type Row, reference } from "@corm/core";
import { segment } from "./segment.js";

const draft = defineEntity("segmentMember", {
  fields: {
    segmentId: reference(segment, { onDelete: "cascade" }),
    contactId: reference(contact, { onDelete: "cascade" }),
  },
  relations: { segment: one("segmentId"), contact: one("contactId") },
  unique: [["segmentId", "contactId"]],
  immutable: ["segmentId", "contactId"],
});

export interface SegmentMember extends Row<typeof draft> {}
export interface SegmentMemberInput extends Input<typeof draft> {}
/** One person in one static segment. */
export const segmentMember = draft.as<SegmentMember, SegmentMemberInput>();

/** The segment with those who were added to it. */
export const segmentWithMembers = extendEntity(segment, {
  relations: { members: many(segmentMember, "segmentId") },
});
