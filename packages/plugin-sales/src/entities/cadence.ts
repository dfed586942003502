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
import { pipeline } from "./pipeline.js";

const step = Type.Object(
  {
    kind: Type.Enum(["call", "meeting", "email", "visit", "task"]),
    subject: Type.String({ minLength: 1, maxLength: 200 }),
    /** How far they lie apart. */
    every: Type.Enum(["day", "week", "month", "quarter"]),
    /** How many of them. */
    times: Type.Integer({ minimum: 1, maximum: 60 }),
  },
  { additionalProperties: false },
);

const draft = defineEntity("cadence", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 100 }),
    active: withDefault(Type.Boolean(), true),
    /** Opportunities of this pipeline alone. Default: of all. */
    pipelineId: Type.Optional(reference(pipeline, { onDelete: "set null" })),
    /** What is done for a customer who was won: `{ kind: "visit", subject: "Quarterly visit", every: "quarter", times: 4 }`. */
    steps: json(Type.Array(step, { minItems: 1, maxItems: 20 })),
    /** When there is work. Default: Monday to Friday, 9 to 17, by the clock of the seller. */
    calendarId: Type.Optional(reference(calendar, { onDelete: "set null" })),
  },
  relations: { pipeline: one("pipelineId"), calendar: one("calendarId") },
  unique: [["name"]],
  searchable: ["name"],
});

export interface Cadence extends Row<typeof draft> {}
export interface CadenceInput extends Input<typeof draft> {}
/** What is done again and again for customers who were won, on working days. */
export const cadence = draft.as<Cadence, CadenceInput>();
