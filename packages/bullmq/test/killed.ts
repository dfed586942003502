import { type AnyPlugin, type Crm, createCrm } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { killedPlugin } from "../../core/test/jobs/killed.js";
import { bullmqJobs } from "../src/index.js";
import { redisUrl } from "./servers.js";

export { byHand, effect, LEASE, whole } from "../../core/test/jobs/killed.js";

/** @param faults hears what was reported; outages are part of the tests that use it */
export const openKilled = (
  url: string,
  prefix: string,
  redis = redisUrl,
  faults: (error: unknown) => void = () => {},
  options: { readonly window?: number } = {},
): Promise<Crm<AnyPlugin[]>> =>
  createCrm({
    storage: knexStorage({ url, pool: { min: 0, max: 12 } }),
    plugins: [killedPlugin],
    secret: "a secret of forty characters, for tests.",
    jobs: { engine: bullmqJobs({ redis: { url: redis, prefix, timeout: 1000 }, ...options }) },
    onError: faults,
  });
