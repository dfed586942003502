import { cronTimes } from "../jobs/cron.js";
import type { AnyJob } from "../jobs/define-job.js";
import type { ScheduleDefinition } from "../jobs/define-schedule.js";
import type { SubscriberDefinition } from "../subscribers/define-subscriber.js";
import { claim, type Owned } from "./claim.js";
import type { AnyPlugin, PluginParts } from "./plugin.js";

const NAME = /^(?=.{3,100}$)[a-z][a-z0-9-]*\.[a-z][a-zA-Z0-9]*$/;
const QUEUE = /^[\w.-]{1,64}$/;

/** All jobs by name, and what is wrong with them. */
export function composeJobs(
  order: readonly AnyPlugin[],
  capabilities: ReadonlyMap<string, Owned<string>>,
  problems: string[],
): Map<string, Owned<AnyJob>> {
  const jobs = new Map<string, Owned<AnyJob>>();
  for (const plugin of order) {
    for (const job of plugin.parts.jobs ?? []) {
      claim(jobs, job.name, plugin.name, job, "job", problems);
      const wrong = (problem: string) =>
        problems.push(`plugin "${plugin.name}": job "${job.name}" ${problem}`);
      if (!NAME.test(job.name) || !job.name.startsWith(`${plugin.name}.`))
        wrong(
          `must be "${plugin.name}." and a camelCase name, such as "${plugin.name}.welcome", at most 100 characters`,
        );
      if (!QUEUE.test(job.queue))
        wrong(`has the queue "${job.queue}": use 1 to 64 letters, digits, "_", "." and "-"`);
      if (job.capability !== null && !capabilities.has(job.capability))
        wrong(`uses the capability "${job.capability}", which no plugin declares`);
      // Those that are done together may have been made by several people.
      if (job.together !== null && job.capability === null)
        wrong(`is done together with others, which needs a "capability"`);
      for (const [name, value] of wholeNumbers(job))
        if (!Number.isInteger(value) || value < 1)
          wrong(`has ${name} ${value}: use a whole number from 1 on`);
      if (!(job.backoff.initial >= 0 && job.backoff.factor >= 1 && job.backoff.max >= job.backoff.initial))
        wrong("has a backoff that shrinks: use initial ≥ 0, factor ≥ 1, and max ≥ initial");
    }
  }
  return jobs;
}

/** All schedules by name, and what is wrong with them. */
export function composeSchedules(
  order: readonly AnyPlugin[],
  jobs: ReadonlyMap<string, Owned<AnyJob>>,
  problems: string[],
): Map<string, Owned<ScheduleDefinition>> {
  const schedules = new Map<string, Owned<ScheduleDefinition>>();
  for (const plugin of order) {
    for (const schedule of plugin.parts.schedules ?? []) {
      const { name, job, cron, zone } = schedule;
      claim(schedules, name, plugin.name, schedule, "schedule", problems);
      const wrong = (problem: string) =>
        problems.push(`plugin "${plugin.name}": schedule "${name}" ${problem}`);
      if (!NAME.test(name) || !name.startsWith(`${plugin.name}.`))
        wrong(`must be "${plugin.name}." and a camelCase name, at most 100 characters`);
      if (jobs.get(job.name)?.value !== job) wrong(`makes the job "${job.name}", which no plugin lists`);
      // Nobody made it, so there is nobody in whose name it could run.
      if (job.capability === null) wrong(`makes the job "${job.name}", which needs a "capability" for that`);
      try {
        cronTimes(cron, zone);
      } catch (error) {
        wrong(`has no times: ${(error as Error).message}`);
      }
    }
  }
  return schedules;
}

const wholeNumbers = ({ attempts, lease, timeout, concurrency, together }: AnyJob): [string, number][] =>
  Object.entries({ attempts, lease, timeout, concurrency, "together.limit": together?.limit ?? 1 });

/** All readers of the journal by name, and what is wrong with them. */
export function composeSubscribers(
  order: readonly AnyPlugin[],
  capabilities: ReadonlyMap<string, Owned<string>>,
  problems: string[],
): Map<string, Owned<SubscriberDefinition>> {
  const subscribers = new Map<string, Owned<SubscriberDefinition>>();
  for (const plugin of order) {
    for (const subscriber of plugin.parts.subscribers ?? []) {
      const { name, capability } = subscriber;
      claim(subscribers, name, plugin.name, subscriber, "subscriber", problems);
      const wrong = (problem: string) =>
        problems.push(`plugin "${plugin.name}": subscriber "${name}" ${problem}`);
      if (!NAME.test(name) || !name.startsWith(`${plugin.name}.`))
        wrong(`must be "${plugin.name}." and a camelCase name, at most 100 characters`);
      if (!capabilities.has(capability))
        wrong(`uses the capability "${capability}", which no plugin declares`);
    }
  }
  return subscribers;
}

export function composePrincipal(order: readonly AnyPlugin[], problems: string[]): PluginParts["principal"] {
  const [first, second] = order.filter(({ parts }) => parts.principal !== undefined);
  if (first && second)
    problems.push(
      `plugins "${first.name}" and "${second.name}" both declare a principal: an app has one place where users are kept`,
    );
  return first?.parts.principal;
}
