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

const minutes = Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 }));

const draft = defineEntity("slaPolicy", {
  plural: "slaPolicies",
  label: "SLA policy",
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    /** The hours that count. */
    calendarId: reference(calendar),
    /** Working minutes until the first reply, by priority. A priority that is left out has no due time. */
    firstResponseMinutes: json(
      Type.Object(
        { low: minutes, normal: minutes, high: minutes, urgent: minutes },
        { additionalProperties: false },
      ),
    ),
    /** Holds for tickets that name no policy. Of several, the oldest. */
    isDefault: withDefault(Type.Boolean(), false),
  },
  relations: { calendar: one("calendarId") },
  unique: [["name"]],
  searchable: ["name"],
});

export interface SlaPolicy extends Row<typeof draft> {}
export interface SlaPolicyInput extends Input<typeof draft> {}
/** How soon customers get a first reply. */
export const slaPolicy = draft.as<SlaPolicy, SlaPolicyInput>();
