import { type DatabaseJobsOptions, databaseJobs, type JobEngineFactory } from "@corm/core";
import { BullmqBroker } from "./broker.js";
import type { PostgresOptions } from "./open-postgres.js";
import { openPostgres } from "./open-postgres.js";
import { openRedis, type RedisOptions } from "./open-redis.js";

export interface BullmqJobsOptions extends Omit<DatabaseJobsOptions, "broker"> {
  /** The Redis that BullMQ works on; with `noeviction`, as BullMQ asks for. This or `postgres`. */
  readonly redis?: RedisOptions;
  /** A PostgreSQL that BullMQ works on instead; `pg` is to be installed. */
  readonly postgres?: PostgresOptions;
  /** Jobs of one tenant and queue that wait in BullMQ at most; the rest waits in the database. Default 1,000. */
  readonly window?: number;
}

/**
 * Jobs of the app's database that BullMQ hands out: for many worker processes. Making and completing stay parts of
 * transactions of the database, and what BullMQ loses, also all of it, is handed to it again.
 *
 * @example
 * const crm = await createCrm({
 *   storage,
 *   plugins,
 *   jobs: { engine: bullmqJobs({ redis: { url: "redis://127.0.0.1:6379" } }) },
 * });
 */
export function bullmqJobs({ redis, postgres, window = 1000, ...kept }: BullmqJobsOptions): JobEngineFactory {
  if ((redis === undefined) === (postgres === undefined))
    throw new TypeError(`bullmqJobs takes "redis" or "postgres", one of the two`);
  if (!Number.isInteger(window) || window < 1) throw new TypeError(`"window" is a whole number from 1 on`);
  return databaseJobs({
    ...kept,
    broker: (host) => {
      const store = redis
        ? openRedis(redis, host.report)
        : openPostgres(postgres as PostgresOptions, host.report);
      return new BullmqBroker(host, store, window);
    },
  });
}
