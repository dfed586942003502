import {
  defineEntity,
  type Input,
  instant,
  json,
  longText,
  one,
  oneOf,
  type Row,
  recordId,
  reference,
  sensitive,
  Type,
  user,
  withDefault,
} from "@corm/core";
import { automationVersion } from "./automation.js";

/** Where a run stands in one list of steps; the last frame is the innermost. */
export const frame = Type.Object({
  /** JSON Pointer of the list in the definition: `/steps`, `/steps/2/yes`. */
  block: Type.String(),
  /** Position in it. */
  at: Type.Integer(),
  /** Of a for-each: the ids of the page at hand, which one it is at, how many came before, and how the next page is asked for. */
  each: Type.Optional(
    Type.Object({
      entity: Type.String(),
      ids: Type.Array(Type.String()),
      at: Type.Integer(),
      count: Type.Integer(),
      where: Type.Record(Type.String(), Type.Unknown()),
      next: Type.Union([Type.String(), Type.Null()]),
    }),
  ),
});

/** What led to a run: an automation and the record that it ran for, the first one first. */
export const causeOfRun = Type.Object({
  automation: Type.String(),
  record: Type.Union([Type.String(), Type.Null()]),
  run: Type.String(),
});

export const RUN_STATES = [
  "queued",
  "running",
  "waiting",
  "succeeded",
  "exited",
  "failed",
  "cancelled",
  "cut",
] as const;

const draft = defineEntity("workflowRun", {
  fields: {
    automationKey: Type.String({ minLength: 1, maxLength: 100 }),
    versionId: reference(automationVersion, { onDelete: "restrict" }),
    /** Entity and id of the record that it runs for. */
    target: Type.Optional(Type.String({ maxLength: 60 })),
    recordId: Type.Optional(recordId()),
    /** In whose name it acts: a user, or roles of the app. */
    principalId: Type.Optional(reference(user, { onDelete: "restrict" })),
    principalRoles: Type.Optional(json(Type.Array(Type.String(), { maxItems: 50 }))),
    trigger: Type.String({ minLength: 1, maxLength: 20 }),
    /** One run of an automation for each: the id of the journal entry, the time of a schedule, the id of a message. */
    triggerKey: Type.String({ minLength: 1, maxLength: 200 }),
    /**
     * `queued`, `running` and `waiting` go on; `failed` waits for a retry; `cut` would have gone round in a circle, whose
     * path is in `path`.
     */
    state: withDefault(oneOf(RUN_STATES), "queued"),
    /** Where it stands; of a for-each with what it looks for. */
    frames: sensitive(json(Type.Array(frame, { maxItems: 50 }))),
    /**
     * What its steps can use: the trigger, outputs of earlier steps. Cleared when it has ended well. Values of records as
     * its principal sees them: who reads runs need not.
     */
    vars: Type.Optional(sensitive(json(Type.Record(Type.String(), Type.Unknown())))),
    /** The runs that it came of, and itself. */
    path: json(Type.Array(causeOfRun, { maxItems: 100 })),
    /** Its condition has still to be looked at. */
    unchecked: withDefault(Type.Boolean(), false),
    error: Type.Optional(longText({ maxLength: 4000 })),
    /** Times that the step at hand has failed. */
    attempts: withDefault(Type.Integer({ minimum: 0 }), 0),
    maxAttempts: withDefault(Type.Integer({ minimum: 1 }), 5),
    /** Goes up whenever it begins to wait for something else: what would wake it from an earlier wait does nothing. */
    round: withDefault(Type.Integer({ minimum: 0 }), 0),
    steps: withDefault(Type.Integer({ minimum: 0 }), 0),
    /** Where the reader that wakes runs was in the journal when the last step began: a wait hears what came since. */
    since: Type.Optional(Type.Integer({ minimum: 0 })),
    /** When it goes on by itself. */
    wakeAt: Type.Optional(instant()),
    queuedAt: instant(),
    startedAt: Type.Optional(instant()),
    finishedAt: Type.Optional(instant()),
  },
  relations: { automationVersion: one("versionId"), principal: one("principalId") },
  unique: [["automationKey", "triggerKey"]],
  indexes: [
    ["state", "queuedAt"],
    ["automationKey", "queuedAt"],
    ["target", "recordId", "queuedAt"],
    ["finishedAt"],
  ],
  immutable: ["automationKey", "trigger", "triggerKey", "queuedAt"],
  // It is a log itself, and a reader of the journal makes it.
  journal: false,
});

export interface WorkflowRun extends Row<typeof draft> {}
export interface WorkflowRunInput extends Input<typeof draft> {}
/** One time that an automation happens. It goes on where it was, whatever becomes of the processes that run it. */
export const workflowRun = draft.as<WorkflowRun, WorkflowRunInput>();

const stepDraft = defineEntity("workflowStep", {
  fields: {
    runId: reference(workflowRun, { onDelete: "cascade" }),
    /** Which step, and in which turn of the loops around it: `2`, `3.17.0`. */
    key: Type.String({ minLength: 1, maxLength: 200 }),
    kind: Type.String({ minLength: 1, maxLength: 100 }),
    /** `started`: a call to another system is under way. `uncertain`: its process ended, and whether it was done is not known. */
    state: oneOf(["waiting", "started", "done", "failed", "uncertain"]),
    attempts: withDefault(Type.Integer({ minimum: 0 }), 0),
    error: Type.Optional(longText({ maxLength: 4000 })),
    startedAt: instant(),
    finishedAt: Type.Optional(instant()),
  },
  relations: { run: one("runId") },
  unique: [["runId", "key"]],
  immutable: ["runId", "key", "kind"],
  journal: false,
});

export interface WorkflowStep extends Row<typeof stepDraft> {}
export interface WorkflowStepInput extends Input<typeof stepDraft> {}
/** One step of a run, once. */
export const workflowStep = stepDraft.as<WorkflowStep, WorkflowStepInput>();

const waitDraft = defineEntity("workflowWait", {
  fields: {
    runId: reference(workflowRun, { onDelete: "cascade" }),
    round: Type.Integer(),
    /** A change of this record, or an event about it, or (without one) any event of this name, lets the run look again. */
    entity: Type.Optional(Type.String({ maxLength: 60 })),
    recordId: Type.Optional(recordId()),
    event: Type.Optional(Type.String({ maxLength: 100 })),
  },
  unique: [["runId"]],
  indexes: [["recordId"], ["event"]],
  internal: true,
  journal: false,
});

export interface WorkflowWait extends Row<typeof waitDraft> {}
export interface WorkflowWaitInput extends Input<typeof waitDraft> {}
/** What a run waits for, besides its time. */
export const workflowWait = waitDraft.as<WorkflowWait, WorkflowWaitInput>();

const meterDraft = defineEntity("workflowMeter", {
  fields: {
    /** The hour, as `2026-01-05T09`. */
    hour: Type.String({ minLength: 13, maxLength: 13 }),
    started: withDefault(Type.Integer({ minimum: 0 }), 0),
  },
  unique: [["hour"]],
  internal: true,
  journal: false,
});

export interface WorkflowMeter extends Row<typeof meterDraft> {}
export interface WorkflowMeterInput extends Input<typeof meterDraft> {}
/** Runs that begin in an hour: a tenant has so many. */
export const workflowMeter = meterDraft.as<WorkflowMeter, WorkflowMeterInput>();
