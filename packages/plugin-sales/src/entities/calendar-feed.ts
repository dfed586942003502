import { defineEntity, type Input, instant, one, type Row, reference, Type, user } from "@corm/core";

const draft = defineEntity("calendarFeed", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    revokedAt: Type.Optional(instant()),
  },
  relations: { user: one("userId") },
  indexes: [["userId", "revokedAt"]],
  immutable: ["userId"],
  internal: true,
});

export interface CalendarFeed extends Row<typeof draft> {}
export interface CalendarFeedInput extends Input<typeof draft> {}
/** A link under which a calendar program reads what its user has to do. */
export const calendarFeed = draft.as<CalendarFeed, CalendarFeedInput>();
