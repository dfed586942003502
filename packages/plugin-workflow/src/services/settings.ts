import { type Calendars, type Context, defineService } from "@corm/core";
import type { NetOptions } from "../net/destinations.js";

export interface WorkflowSettings {
  /** Entities whose records can be approved. */
  readonly approvable: readonly string[];
  /** Entities whose records are given to people when they are made. */
  readonly assignOnCreate: readonly string[];
  readonly calendars: Calendars;
  /** Runs of automations that begin in one hour, of one tenant; what is more begins later. */
  readonly runsPerHour: number;
  /** Where requests to other systems may go. */
  readonly net: NetOptions;
  /** Milliseconds without any success after which an endpoint is turned off. */
  readonly disableAfterMs: number;
  /** For how long runs that are over are kept, and messages that were delivered or given up. */
  readonly keepRunsMs: number;
  readonly keepDeliveriesMs: number;
  /** Where people reach the app, for links in mails. */
  readonly publicUrl: string | undefined;
  /** From whom mails of steps come. */
  readonly mailFrom: { readonly address: string; readonly name?: string } | undefined;
}

export const workflowSettings = defineService<WorkflowSettings>("workflow.settings");

export const settingsOf = (ctx: Context): WorkflowSettings => ctx.service(workflowSettings);
