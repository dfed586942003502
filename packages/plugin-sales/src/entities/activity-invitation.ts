import {
  activity,
  defineEntity,
  type Input,
  instant,
  normalized,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";

const draft = defineEntity("activityInvitation", {
  fields: {
    activityId: reference(activity, { onDelete: "cascade" }),
    name: Type.Optional(Type.String({ maxLength: 200 })),
    address: normalized(Type.String({ format: "email", maxLength: 254 }), "email"),
    /** What the guest has answered. */
    status: withDefault(oneOf(["needsAction", "accepted", "tentative", "declined"]), "needsAction"),
    /** Of the latest message to the guest (SEQUENCE of RFC 5546). */
    sequence: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Of the latest message that the mail server has taken. */
    sentSequence: Type.Optional(Type.Integer({ minimum: 0 })),
    cancelledAt: Type.Optional(instant()),
    /** DTSTAMP of the answer: what was written before it is ignored. */
    answeredAt: Type.Optional(instant()),
  },
  relations: { activity: one("activityId") },
  access: { parents: ["activity"] },
  unique: [["activityId", "address"]],
  immutable: ["activityId", "address"],
});

export interface ActivityInvitation extends Row<typeof draft> {}
export interface ActivityInvitationInput extends Input<typeof draft> {}
/** A guest of an activity, and what he has answered. */
export const activityInvitation = draft.as<ActivityInvitation, ActivityInvitationInput>();
