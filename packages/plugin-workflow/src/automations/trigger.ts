import { type JournalEntry, type Static, Type } from "@corm/core";
import { holds, type ValueTest } from "./value-test.js";

const name = () => Type.String({ minLength: 1, maxLength: 60, pattern: "^[a-z][a-zA-Z0-9]*$" });
const test = () => Type.Unsafe<ValueTest>(Type.Unknown());
const tests = () => Type.Record(Type.String(), test());
const closed = { additionalProperties: false };
const amount = () => Type.Optional(Type.Integer({ minimum: 0, maximum: 3660 }));

const offset = Type.Object(
  {
    days: amount(),
    hours: amount(),
    minutes: Type.Optional(Type.Integer({ minimum: 0 })),
    workingDays: amount(),
  },
  closed,
);

export const TRIGGERS = {
  created: Type.Object({ on: Type.Literal("created"), entity: name() }, closed),
  updated: Type.Object(
    {
      on: Type.Literal("updated"),
      entity: name(),
      /** One of these has another value now. */
      changed: Type.Optional(Type.Array(name(), { minItems: 1, maxItems: 50 })),
      /** Each of these has another value now, and had and has such ones: `{ stage: { from: "new", to: { in: [...] } } }`. */
      fields: Type.Optional(
        Type.Record(
          Type.String(),
          Type.Object({ from: Type.Optional(test()), to: Type.Optional(test()) }, closed),
        ),
      ),
    },
    closed,
  ),
  deleted: Type.Object({ on: Type.Literal("deleted"), entity: name() }, closed),
  event: Type.Object(
    {
      on: Type.Literal("event"),
      /** Such as `lead.converted`. */
      event: Type.String({ minLength: 3, maxLength: 100 }),
      /** What the top of its payload must be. */
      payload: Type.Optional(tests()),
    },
    closed,
  ),
  schedule: Type.Object(
    {
      on: Type.Literal("schedule"),
      /** Minute, hour, day, month, weekday. */
      cron: Type.String({ minLength: 9, maxLength: 100 }),
      /** IANA. Default UTC. */
      zone: Type.Optional(Type.String({ maxLength: 64 })),
    },
    closed,
  ),
  date: Type.Object(
    {
      on: Type.Literal("date"),
      entity: name(),
      /** A date or an instant. */
      field: name(),
      before: Type.Optional(offset),
      after: Type.Optional(offset),
      /** Of dates: the time of that day. Default 09:00. */
      at: Type.Optional(Type.String({ pattern: "^([01]\\d|2[0-3]):[0-5]\\d$" })),
      /** IANA; of dates, and of working days without a calendar. Default UTC. */
      zone: Type.Optional(Type.String({ maxLength: 64 })),
      /** For working days. Without one they are Monday to Friday. */
      calendarId: Type.Optional(Type.String({ format: "uuid" })),
    },
    closed,
  ),
  connector: Type.Object(
    {
      on: Type.Literal("connector"),
      connectionId: Type.String({ format: "uuid" }),
      /** As the connector names it. */
      event: Type.String({ minLength: 1, maxLength: 100 }),
      payload: Type.Optional(tests()),
    },
    closed,
  ),
  manual: Type.Object({ on: Type.Literal("manual"), entity: Type.Optional(name()) }, closed),
} as const;

export type TriggerKind = keyof typeof TRIGGERS;
export type TriggerOf<K extends TriggerKind> = Static<(typeof TRIGGERS)[K]>;
/** What starts an automation. */
export type Trigger = { [K in TriggerKind]: TriggerOf<K> }[TriggerKind];
export type DateTrigger = TriggerOf<"date">;

/** The entity of the records that it runs for; undefined where there is none, or each event says it. */
export const entityOf = (trigger: Trigger): string | undefined =>
  "entity" in trigger ? trigger.entity : undefined;

const OPERATIONS: Readonly<Record<string, string>> = {
  created: "create",
  updated: "update",
  deleted: "delete",
};

/** Whether an entry of the journal is what the trigger is about, before anybody asks who may see it. Pure. */
export function concerns(trigger: Trigger, entry: JournalEntry): boolean {
  if (entry.erased) return false;
  if (trigger.on === "event") return entry.event === trigger.event;
  return OPERATIONS[trigger.on] === entry.operation && entityOf(trigger) === entry.entity;
}

/** Whether it starts the automation: what its fields were and are, in those that the principal may see. Pure. */
export function matches(trigger: Trigger, entry: JournalEntry): boolean {
  if (!concerns(trigger, entry)) return false;
  if (trigger.on === "event") return payloadHolds(trigger.payload, entry.payload);
  if (trigger.on !== "updated") return true;
  const changes = entry.changes ?? {};
  const { changed, fields = {} } = trigger;
  if (changed && !changed.some((field) => Object.hasOwn(changes, field))) return false;
  return Object.entries(fields).every(([field, { from, to }]) => {
    const change = Object.hasOwn(changes, field) ? changes[field] : undefined;
    return change !== undefined && holds(from, change[0]) && holds(to, change[1]);
  });
}

export function payloadHolds(
  tests: Readonly<Record<string, ValueTest>> | undefined,
  payload: unknown,
): boolean {
  if (tests === undefined) return true;
  const values = (typeof payload === "object" && payload !== null ? payload : {}) as Record<string, unknown>;
  return Object.entries(tests).every(([field, one]) =>
    holds(one, Object.hasOwn(values, field) ? values[field] : null),
  );
}
