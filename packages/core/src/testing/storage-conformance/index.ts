import { aggregateTests } from "./aggregates.js";
import { bucketTests } from "./buckets.js";
import { errorTests } from "./errors.js";
import { filterTests } from "./filters.js";
import { limitTests } from "./limits.js";
import { matchTests } from "./matches.js";
import { orderingTests } from "./ordering.js";
import { schemaTests } from "./schema.js";
import type { StorageConformanceOptions } from "./suite.js";
import { tenantTests } from "./tenants.js";
import { transactionTests } from "./transactions.js";
import { valueTests } from "./values.js";
import { writeTests } from "./writes.js";

export type { OpenedStorage, StorageConformanceOptions, TestRunner } from "./suite.js";

/**
 * The contract of `StorageAdapter` as tests, for any adapter and any test runner.
 *
 * @example
 * import { afterAll, beforeAll, describe, test } from "vitest";
 *
 * storageConformance({
 *   name: "my adapter",
 *   runner: { afterAll, beforeAll, describe, test },
 *   open: async () => ({ adapter: myStorage(await emptyDatabase()), dispose: dropDatabase }),
 * });
 */
export function storageConformance(options: StorageConformanceOptions): void {
  options.runner.describe(`${options.name} keeps the storage contract:`, () => {
    valueTests(options);
    filterTests(options);
    matchTests(options);
    orderingTests(options);
    aggregateTests(options);
    bucketTests(options);
    writeTests(options);
    errorTests(options);
    transactionTests(options);
    tenantTests(options);
    limitTests(options);
    schemaTests(options);
  });
}
