import { defineEntity, type Input, instant, type Row, Type } from "@corm/core";

const draft = defineEntity("automationCursor", {
  fields: {
    key: Type.String({ minLength: 1, maxLength: 100 }),
    /** Up to when timers are set. */
    until: instant(),
  },
  unique: [["key"]],
  internal: true,
  journal: false,
});

export interface AutomationCursor extends Row<typeof draft> {}
export interface AutomationCursorInput extends Input<typeof draft> {}
/** How far an automation that waits for dates has come. */
export const automationCursor = draft.as<AutomationCursor, AutomationCursorInput>();
