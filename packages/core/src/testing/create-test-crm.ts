import { memoryFiles } from "../files/memory-files.js";
import { type CrmOptions, createCrm } from "../kernel/create-crm.js";
import type { AppSession, Crm, PluginList } from "../kernel/crm.js";
import type { StorageAdapter } from "../storage/adapter.js";
import { sqlite } from "../storage/knex/index.js";
import { type FixedClock, fixedClock } from "../util/clock.js";
import { seededRandom } from "../util/random-bytes.js";

export interface TestCrmOptions<Ps extends PluginList>
  extends Partial<Omit<CrmOptions<Ps>, "plugins" | "clock" | "random" | "storage">> {
  readonly plugins: Ps;
  /** Default: SQLite in memory. */
  readonly storage?: StorageAdapter;
  /** Where the clock stands at first. Default 2026-01-05T09:00:00Z, a Monday. */
  readonly now?: string;
  /** Of ids. Default 1. */
  readonly seed?: number;
}

export interface TestCrm<Ps extends PluginList> {
  readonly crm: Crm<Ps>;
  readonly clock: FixedClock;
  /** A session of a made-up administrator in tenant `test`. */
  readonly me: AppSession<Ps>;
  /** A session in another tenant. */
  inTenant(tenant: string): AppSession<Ps>;
  /** What `committed` hooks threw. */
  readonly errors: unknown[];
}

/** Of encrypted fields. Anybody can read it here: for tests. */
const TEST_KEYS = { test: "qH3v0Zk1nV9c2Jx7Lw5sT8yUbR4eGdMfPaXoKiNzQ6E=" };

const USER = "00000000-0000-7000-8000-000000000001";

/** A CRM for a test: in memory, with a clock that stands still and ids that repeat. Call `crm.stop()` at the end. */
export async function createTestCrm<const Ps extends PluginList>(
  options: TestCrmOptions<Ps>,
): Promise<TestCrm<Ps>> {
  const { now = "2026-01-05T09:00:00Z", seed = 1, storage = sqlite(":memory:"), ...rest } = options;
  const clock = fixedClock(now);
  const errors: unknown[] = [];
  const crm = await createCrm<Ps>({
    tenant: "test",
    encryption: { keys: TEST_KEYS },
    files: memoryFiles({ clock }),
    secret: "a secret of tests, forty characters long",
    onError: (error) => errors.push(error),
    ...rest,
    storage,
    clock,
    random: seededRandom(seed),
  } as CrmOptions<Ps>);
  const inTenant = (tenant: string) =>
    crm.as({ actor: { kind: "user", id: USER }, tenant, roles: ["admin"] });
  return { crm, clock, me: inTenant("test"), inTenant, errors };
}
