import { activity, extendEntity, instant, one, reference, Type, withDefault } from "@corm/core";
import { activitySeries, wallTime } from "./activity-series.js";
import { cadence } from "./cadence.js";
import { opportunity } from "./opportunity.js";

/** The activity with the opportunity that it is about, and with what calendars want to know. */
export const activityOfOpportunity = extendEntity(activity, {
  fields: {
    opportunityId: Type.Optional(reference(opportunity, { onDelete: "set null" })),
    /** The cadence that has scheduled it. */
    cadenceId: Type.Optional(reference(cadence, { onDelete: "set null" })),
    /** The series that it is an occurrence of. */
    seriesId: Type.Optional(reference(activitySeries, { onDelete: "set null" })),
    /** Its place in the series, by the clock on the wall: stays where the activity itself is moved. */
    occurrence: Type.Optional(wallTime()),
    /** True for an occurrence that was changed by itself: changes of the series leave it alone. */
    detached: withDefault(Type.Boolean(), false),
    /** From `dueAt` on. Calendars show 30 where it says nothing. */
    durationMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 44_640 })),
    location: Type.Optional(Type.String({ maxLength: 500 })),
    /** Counts the changes of which guests are told (SEQUENCE of RFC 5546). */
    inviteSequence: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** How long before `dueAt` its owner is reminded. */
    remindMinutes: Type.Optional(Type.Integer({ minimum: 0, maximum: 525_600 })),
    /** Follows from both. */
    remindAt: Type.Optional(instant()),
    remindedAt: Type.Optional(instant()),
  },
  relations: { opportunity: one("opportunityId"), cadence: one("cadenceId"), series: one("seriesId") },
  parents: ["opportunity"],
  indexes: [
    ["opportunityId", "cadenceId"],
    ["seriesId", "occurrence"],
  ],
});
