import {
  defineEntity,
  filledByHook,
  type Input,
  instant,
  json,
  longText,
  one,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";

/** Objects whose shape the plugin checks itself: what is in them depends on the app. */
const free = () => json(Type.Record(Type.String(), Type.Unknown()));

const draft = defineEntity("automation", {
  fields: {
    /** Stable, and what runs name: `welcome-new-leads`. Keys of automations in code cannot be taken. */
    key: Type.String({ pattern: "^[a-z][a-z0-9-]{0,99}$", maxLength: 100 }),
    name: Type.String({ minLength: 1, maxLength: 200 }),
    description: Type.Optional(longText({ maxLength: 10_000 })),
    enabled: withDefault(Type.Boolean(), false),
    /** What starts it: see `Trigger`. */
    trigger: free(),
    /** In the filter language: which records it runs for, as they are when the run is made. */
    where: Type.Optional(free()),
    /** In the filter language: a run ends before its next step once its record satisfies this. */
    exit: Type.Optional(free()),
    steps: json(Type.Array(Type.Record(Type.String(), Type.Unknown()), { minItems: 1, maxItems: 100 })),
    /** In whose name it acts: it can do what this user can do when it does it, and nothing else. Default: who writes it. */
    principalId: filledByHook(reference(user, { onDelete: "restrict" })),
    /** Times that a step is tried. */
    maxAttempts: withDefault(Type.Integer({ minimum: 1, maximum: 20 }), 5),
    /** Since when it has been enabled: what happened before starts nothing. Kept by the plugin. */
    enabledAt: Type.Optional(instant()),
  },
  relations: { principal: one("principalId") },
  unique: [["key"]],
  indexes: [["enabled"]],
  immutable: ["key"],
  searchable: ["name", "key"],
});

export interface Automation extends Row<typeof draft> {}
export interface AutomationInput extends Input<typeof draft> {}
/** Something that happens by itself, written as data. */
export const automation = draft.as<Automation, AutomationInput>();

const versionDraft = defineEntity("automationVersion", {
  fields: {
    key: Type.String({ maxLength: 100 }),
    /** 1, 2, 3, … of the automation with this key. */
    number: Type.Integer({ minimum: 1 }),
    definition: free(),
    /** Of the definition: what has it again is the same version. */
    digest: Type.String({ minLength: 64, maxLength: 64 }),
    madeAt: instant(),
  },
  unique: [
    ["key", "number"],
    ["key", "digest"],
  ],
  immutable: ["key", "number", "definition", "digest", "madeAt"],
});

export interface AutomationVersion extends Row<typeof versionDraft> {}
export interface AutomationVersionInput extends Input<typeof versionDraft> {}
/** What an automation said: runs go on by the one that they began with. */
export const automationVersion = versionDraft.as<AutomationVersion, AutomationVersionInput>();

const switchDraft = defineEntity("automationSwitch", {
  plural: "automationSwitches",
  fields: {
    key: Type.String({ pattern: "^[a-z][a-z0-9-]{0,99}$", maxLength: 100 }),
    enabled: Type.Boolean(),
    /** What happened before starts nothing. Kept by the plugin. */
    enabledAt: Type.Optional(instant()),
  },
  unique: [["key"]],
  immutable: ["key"],
});

export interface AutomationSwitch extends Row<typeof switchDraft> {}
export interface AutomationSwitchInput extends Input<typeof switchDraft> {}
/** Whether a tenant has an automation that is in code. Without one it is on. */
export const automationSwitch = switchDraft.as<AutomationSwitch, AutomationSwitchInput>();
