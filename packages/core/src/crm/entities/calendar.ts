import Type from "typebox";
import { defineEntity, type Input, type Row } from "../../entity/define-entity.js";
import { json } from "../../schema/field.js";

const interval = Type.Tuple([Type.String(), Type.String()]);
const intervals = Type.Optional(Type.Array(interval, { maxItems: 24 }));

const draft = defineEntity("calendar", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** IANA name. */
    timeZone: Type.String({ minLength: 1, maxLength: 64 }),
    /** Intervals `["09:00", "17:30"]` per weekday; one that ends before it begins runs past midnight. */
    week: json(
      Type.Object({
        mon: intervals,
        tue: intervals,
        wed: intervals,
        thu: intervals,
        fri: intervals,
        sat: intervals,
        sun: intervals,
      }),
    ),
    holidays: Type.Optional(json(Type.Array(Type.String({ format: "date" }), { maxItems: 2000 }))),
    exceptions: Type.Optional(
      json(
        Type.Array(
          Type.Object({
            date: Type.String({ format: "date" }),
            intervals: Type.Array(interval, { maxItems: 24 }),
          }),
          { maxItems: 2000 },
        ),
      ),
    ),
  },
  unique: [["name"]],
});

export interface Calendar extends Row<typeof draft> {}
export interface CalendarInput extends Input<typeof draft> {}
/** When somebody works; used by SLA, assignment and journeys alike. */
export const calendar = draft.as<Calendar, CalendarInput>();
