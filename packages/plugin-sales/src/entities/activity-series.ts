import {
  account,
  contact,
  defineEntity,
  filledByHook,
  type Input,
  instant,
  json,
  longText,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { opportunity } from "./opportunity.js";

/** A date and time on the wall of the series' zone: `2026-03-02T09:00:00`. */
export const wallTime = () => Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}$" });

const draft = defineEntity("activitySeries", {
  plural: "activitySeriesList",
  label: "Activity series",
  fields: {
    kind: oneOf(["call", "meeting", "email", "visit", "task"]),
    subject: Type.String({ minLength: 1, maxLength: 250 }),
    body: Type.Optional(longText()),
    location: Type.Optional(Type.String({ maxLength: 500 })),
    durationMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 44_640 })),
    remindMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 525_600 })),
    /** The first occurrence, by the clock on the wall. It is one that the rule leads to. */
    startsAt: wallTime(),
    /** IANA zone in whose wall-clock time the series keeps. Default: of the seller. */
    timeZone: filledByHook(Type.String({ maxLength: 64 })),
    /** RFC 5545 without `RRULE:`, such as `FREQ=WEEKLY;BYDAY=MO,WE;COUNT=10`. The time of day is that of `startsAt`. */
    rule: Type.String({ minLength: 6, maxLength: 500 }),
    /** Occurrences that do not take place, by the clock on the wall. */
    exceptions: withDefault(json(Type.Array(wallTime(), { maxItems: 500 })), []),
    ownerId: Type.Optional(reference(user, { onDelete: "set null" })),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
    opportunityId: Type.Optional(reference(opportunity, { onDelete: "set null" })),
    /** Until when its activities have been made. */
    madeUntil: Type.Optional(instant()),
    /** True once the rule has no further occurrence. */
    exhausted: withDefault(Type.Boolean(), false),
  },
  relations: {
    owner: one("ownerId"),
    account: one("accountId"),
    contact: one("contactId"),
    opportunity: one("opportunityId"),
  },
  access: { parents: ["account", "contact", "opportunity"] },
  indexes: [["exhausted", "madeUntil"], ["ownerId"]],
  searchable: ["subject"],
});

export interface ActivitySeries extends Row<typeof draft> {}
export interface ActivitySeriesInput extends Input<typeof draft> {}
/** Something that is done again and again, by a rule. Its activities of the next 90 days are made ahead. */
export const activitySeries = draft.as<ActivitySeries, ActivitySeriesInput>();
