import { defineError } from "../errors/define-error.js";

export const JobMissing = defineError<{ job: string; nearest?: string | undefined }>("job-missing", {
  status: 500,
  title: "No plugin lists the job",
  detail: ({ job, nearest }) =>
    `No plugin of this app lists the job "${job}" in its "jobs".${nearest ? ` Did you mean "${nearest}"?` : ""}`,
});

export const InvalidJob = defineError<{ job: string; problem: string }>("invalid-job", {
  status: 400,
  title: "The job cannot be made like this",
  detail: ({ job, problem }) => `Job "${job}": ${problem}.`,
});

export const JobLost = defineError<{ job: string; id: string }>("job-lost", {
  status: 409,
  title: "The job is no longer this worker's",
  detail: ({ job, id }) =>
    `Job "${job}" (${id}) was taken over, cancelled or completed elsewhere: what this run did in its transaction is rolled back.`,
});

export const JobStateConflict = defineError<{ id: string; state: string; wanted: string }>("job-state", {
  status: 409,
  title: "The job is in another state",
  detail: ({ id, state, wanted }) =>
    `Job ${id} is ${state}, and can only be ${wanted === "replay" ? "replayed when it is dead or cancelled" : "cancelled before it is done"}.`,
});

/** Throw it in a job that would fail the same way each time: it is dead at once. */
export const PermanentFailure = defineError<{ reason: string }>("permanent-failure", {
  status: 500,
  title: "Trying again would not help",
  detail: ({ reason }) => reason,
});

/** Throw it in a job to be tried again at an instant, where the other side has said when: never before its backoff. */
export const RetryLater = defineError<{ at: string; reason: string }>("retry-later", {
  status: 503,
  title: "To be tried again later",
  detail: ({ at, reason }) => `${reason} Again at ${at}.`,
});

export const JobRefused = defineError<{ job: string; reason: string }>("job-refused", {
  status: 403,
  title: "The job may not run",
  detail: ({ job, reason }) => `Job "${job}" ${reason}.`,
});

export const JobTimedOut = defineError<{ job: string; milliseconds: number }>("job-timed-out", {
  status: 500,
  title: "The job took too long",
  detail: ({ job, milliseconds }) => `Job "${job}" did not end within ${milliseconds} ms.`,
});

export const InvalidCron = defineError<{ pattern: string; reason: string }>("invalid-cron", {
  status: 400,
  title: "The schedule cannot be read",
  detail: ({ pattern, reason }) =>
    `"${pattern.slice(0, 100)}" is no pattern of five fields such as "30 2 * * *": ${reason}`,
});
