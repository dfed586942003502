import { type Calendars, type Context, defineService } from "@corm/core";

export interface WorkflowSettings {
  /** Entities whose records can be approved. */
  readonly approvable: readonly string[];
  readonly calendars: Calendars;
}

export const workflowSettings = defineService<WorkflowSettings>("workflow.settings");

export const settingsOf = (ctx: Context): WorkflowSettings => ctx.service(workflowSettings);
