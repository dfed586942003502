export { type CacheConformanceOptions, cacheConformance } from "./cache-conformance.js";
export { createTestCrm, type TestCrm, type TestCrmOptions } from "./create-test-crm.js";
export { type JobConformanceOptions, jobConformance, type OpenedJobs } from "./job-conformance/index.js";
export { type RunJobsOptions, runJobs } from "./run-jobs.js";
export {
  type OpenedStorage,
  type StorageConformanceOptions,
  storageConformance,
  type TestRunner,
} from "./storage-conformance/index.js";
