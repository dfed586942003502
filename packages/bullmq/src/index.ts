export { type BullmqJobsOptions, bullmqJobs } from "./bullmq-jobs.js";
