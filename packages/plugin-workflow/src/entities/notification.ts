import {
  defineEntity,
  type Input,
  instant,
  longText,
  one,
  type Row,
  recordId,
  reference,
  Type,
  user,
} from "@corm/core";

const draft = defineEntity("notification", {
  fields: {
    ownerId: reference(user, { onDelete: "cascade" }),
    title: Type.String({ minLength: 1, maxLength: 250 }),
    text: Type.Optional(longText({ maxLength: 10_000 })),
    /** What it is about. */
    entity: Type.Optional(Type.String({ maxLength: 60 })),
    recordId: Type.Optional(recordId()),
    readAt: Type.Optional(instant()),
  },
  relations: { owner: one("ownerId") },
  indexes: [["ownerId", "readAt"]],
});

export interface Notification extends Row<typeof draft> {}
export interface NotificationInput extends Input<typeof draft> {}
/** Something that a user is told in the app. */
export const notification = draft.as<Notification, NotificationInput>();
