import { createCrm, type StorageAdapter } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { allowed, secret, type Version, versions } from "./rolling.versions.js";

/**
 * Starts a version of the app, and is killed as it would do another change of the schema after `steps` of them; null for never.
 * Then runs what jobs there are, and is killed after `work` of their transactions; 0 for never, null for no work.
 */
const [given = "{}"] = process.argv.slice(2);
const { url, version, steps, work } = JSON.parse(given) as {
  url: string;
  version: Version;
  steps: number | null;
  work: number | null;
};

const die = (): never => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("killed");
};

let left = steps ?? Number.POSITIVE_INFINITY;

function killed(inner: StorageAdapter): StorageAdapter {
  const apply = inner.schema.apply.bind(inner.schema);
  const oneByOne: typeof apply = async (all) => {
    for (const one of all) {
      left -= 1;
      if (left < 0) die();
      await apply([one]);
    }
  };
  Object.assign(inner.schema, { apply: oneByOne });
  return inner;
}

const storage = killed(knexStorage({ url, pool: { min: 0, max: 4 } }));
const crm = await createCrm({
  ...{ storage, plugins: [versions[version]()], secret, allowDataLoss: allowed(version) },
});
process.stdout.write("started\n");
if (work !== null) {
  let transactions = 0;
  const { forTenant } = storage;
  storage.forTenant = (...args) => {
    const bound = forTenant.apply(storage, args);
    const { transaction } = bound;
    bound.transaction = async (...given2) => {
      const done = await transaction.apply(bound, given2 as never);
      transactions += 1;
      if (work > 0 && transactions >= work) die();
      return done as never;
    };
    return bound;
  };
  const worker = crm.worker();
  worker.start();
  for (;;) {
    const { items } = await crm.system({ tenant: "rolling", reason: "test" }).jobs.list({ state: "done" });
    if (items.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  process.stdout.write("worked\n");
}
await crm.stop();
