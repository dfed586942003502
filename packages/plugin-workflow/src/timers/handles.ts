import type { JobHandle } from "@corm/core";

export const KEEP_TIMERS: JobHandle<Record<never, never>> = { name: "workflow.keepTimers" };

export interface FireInput {
  readonly key: string;
  /** The time that was meant. */
  readonly at: string;
}
export const FIRE: JobHandle<FireInput> = { name: "workflow.fire" };

export interface DueInput {
  readonly key: string;
  readonly recordId: string;
  /** Of the field when the timer was set: another one since then has a timer of its own. */
  readonly value: string;
}
export const DUE: JobHandle<DueInput> = { name: "workflow.due" };
