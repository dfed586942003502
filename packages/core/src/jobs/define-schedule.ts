import type { AnyJob, JobDefinition } from "./define-job.js";

export interface ScheduleDefinition {
  readonly name: string;
  readonly cron: string;
  readonly zone: string;
  readonly job: AnyJob;
  readonly input: unknown;
  readonly missed: "once" | "skip";
}

export interface ScheduleOptions<Input> {
  /** Minute, hour, day, month, weekday: `30 2 * * *`. */
  readonly cron: string;
  /** IANA zone by whose clock it goes. Default `UTC`. */
  readonly zone?: string;
  /** It runs with the rights of the system, so it has a `capability`: nobody made it. */
  readonly job: JobDefinition<Input>;
  readonly input: Input;
  /**
   * What becomes of times that no worker was there for: `once` (default) makes up for all of them with one job, `skip`
   * leaves them out when they are more than a minute ago.
   */
  readonly missed?: "once" | "skip";
}

/**
 * Declares that a job is made again and again, in every tenant. List it in the plugin's `schedules`. Where the pattern
 * names hours, each time that it names comes once a day, also on days when the clock changes.
 *
 * @param name `plugin.scheduleName`
 * @example
 * export const nightly = defineSchedule("leads.nightly", {
 *   cron: "30 2 * * *", zone: "Europe/Berlin", job: score, input: {},
 * });
 */
export function defineSchedule<Input>(name: string, options: ScheduleOptions<Input>): ScheduleDefinition {
  const { cron, zone = "UTC", job, input, missed = "once" } = options;
  return { name, cron, zone, job, input, missed };
}
