import type { JobState } from "../context/jobs.js";

export const JOB_STATES: readonly JobState[] = [
  "blocked",
  "delayed",
  "ready",
  "running",
  "done",
  "dead",
  "cancelled",
];
