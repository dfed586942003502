import {
  calendar,
  defineEntity,
  type Input,
  instant,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";

const draft = defineEntity("agent", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    /** Whoever is not `online` is given nothing. */
    presence: withDefault(oneOf(["online", "away", "offline"]), "online"),
    /** Most open records of one entity. Default: no limit. */
    capacity: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    /** Most records of one entity in 24 hours. Default: no limit. */
    dailyQuota: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    /** Share in the strategy `weighted`. */
    weight: withDefault(Type.Integer({ minimum: 0, maximum: 1000 }), 1),
    /** When he works. Default: always. */
    calendarId: Type.Optional(reference(calendar, { onDelete: "set null" })),
  },
  relations: { user: one("userId"), calendar: one("calendarId") },
  unique: [["userId"]],
});

export interface Agent extends Row<typeof draft> {}
export interface AgentInput extends Input<typeof draft> {}
/** How a user takes work; one without is always there and takes whatever comes. */
export const agent = draft.as<Agent, AgentInput>();

const absenceDraft = defineEntity("absence", {
  fields: {
    userId: reference(user, { onDelete: "cascade" }),
    from: instant(),
    /** The first moment at which he is back. */
    until: instant(),
    /** Who acts for him meanwhile. */
    substituteId: Type.Optional(reference(user, { onDelete: "set null" })),
    reason: Type.Optional(Type.String({ maxLength: 200 })),
  },
  relations: { user: one("userId"), substitute: one("substituteId") },
  indexes: [["userId", "until"]],
});

export interface Absence extends Row<typeof absenceDraft> {}
export interface AbsenceInput extends Input<typeof absenceDraft> {}
/** A time in which a user is not there. */
export const absence = absenceDraft.as<Absence, AbsenceInput>();
