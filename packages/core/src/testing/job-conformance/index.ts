import { failureTests } from "./failures.js";
import { leaseTests } from "./leases.js";
import { makingTests } from "./making.js";
import { orderTests } from "./order.js";
import { recordTests } from "./records.js";
import { sharingTests } from "./sharing.js";
import { checksOf, type JobConformanceOptions } from "./suite.js";
import { togetherTests } from "./together.js";

export type { JobConformanceOptions, OpenedJobs } from "./suite.js";

/**
 * The contract of `JobEngine` as tests, for any engine and any test runner.
 *
 * @example
 * jobConformance({
 *   name: "my engine",
 *   runner: { describe, test },
 *   open: async () => ({ storage: () => sqlite(file), isShared: true, engine: myEngine(), dispose }),
 * });
 */
export function jobConformance(options: JobConformanceOptions): void {
  options.runner.describe(`${options.name} keeps the contract of jobs:`, () => {
    const check = checksOf(options);
    makingTests(check);
    orderTests(check);
    failureTests(check);
    leaseTests(check);
    sharingTests(check);
    recordTests(check);
    togetherTests(check);
  });
}
