import {
  calendar,
  defineEntity,
  type Input,
  json,
  one,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";

const draft = defineEntity("responsePolicy", {
  plural: "responsePolicies",
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    active: withDefault(Type.Boolean(), true),
    /** The lowest first; the first whose condition a new lead satisfies holds. */
    priority: withDefault(Type.Integer({ minimum: 0, maximum: 1_000_000 }), 100),
    /** In the filter language. Default: all leads. */
    where: Type.Optional(json(Type.Record(Type.String(), Type.Unknown()))),
    /** In whose working time it is counted; without one around the clock. */
    calendarId: Type.Optional(reference(calendar, { onDelete: "restrict" })),
    /** Minutes of working time until somebody has answered. */
    minutes: Type.Integer({ minimum: 1, maximum: 525_600 }),
    /** Minutes of working time before that at which the event `lead.responseWarned` warns; default never. */
    warnMinutes: Type.Optional(Type.Integer({ minimum: 1, maximum: 525_600 })),
  },
  relations: { calendar: one("calendarId") },
  unique: [["name"]],
  indexes: [["active", "priority"]],
});

export interface ResponsePolicy extends Row<typeof draft> {}
export interface ResponsePolicyInput extends Input<typeof draft> {}
/** How soon new leads are answered. */
export const responsePolicy = draft.as<ResponsePolicy, ResponsePolicyInput>();
