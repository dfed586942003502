import { inspect } from "node:util";
import type { Restriction } from "../access/define-role.js";
import type { Cache } from "../cache/cache.js";
import type { Context, Identity } from "../context/context.js";
import type { Role } from "../context/role.js";
import { InvalidQuery } from "../errors/core-errors.js";
import type { FileStore } from "../files/file-store.js";
import { localFiles } from "../files/local-files.js";
import type { JobEngineFactory } from "../jobs/job-engine.js";
import { emitEvent } from "../journal/emit.js";
import { readEntry } from "../journal/entry.js";
import { tenantsOf } from "../journal/tenants.js";
import { historiesSince } from "../migrations/begin-histories.js";
import { type MigrationOptions, migrate } from "../migrations/migrate.js";
import { physicalSchema } from "../migrations/physical-schema.js";
import { planMigration } from "../migrations/plan-migration.js";
import { resolveSecret } from "../migrations/secret.js";
import { compose } from "../plugin/compose.js";
import { databaseJobs } from "../queue/database-engine.js";
import { Scheduler } from "../queue/scheduler.js";
import { sessionJobs } from "../queue/session-jobs.js";
import { Subscriptions } from "../queue/subscriptions.js";
import { createWorker } from "../queue/worker.js";
import { readChanges } from "../repository/changes.js";
import { repositoryFactory } from "../repository/repository-factory.js";
import { runAction } from "../repository/run-action.js";
import type { Runtime } from "../runtime/runtime.js";
import { Session, type SessionServices } from "../runtime/session.js";
import { createSignals } from "../runtime/signals.js";
import { systemActor } from "../runtime/system-actor.js";
import { createTokens } from "../runtime/tokens.js";
import { TransactionGuard } from "../runtime/transaction-guard.js";
import type { StorageAdapter } from "../storage/adapter.js";
import { type Clock, systemClock } from "../util/clock.js";
import { hmacBase64Url } from "../util/hash.js";
import { cryptoRandom } from "../util/random-bytes.js";
import { createIds } from "../util/uuid.js";
import { CORE_VERSION } from "../util/version.js";
import { accessRegistry } from "./access-registry.js";
import {
  checkActor,
  checkIdentity,
  checkOptions,
  InvalidCrmOptions,
  provenanceFields,
  withheldOf,
} from "./check-options.js";
import type { AppSession, Crm, PluginList } from "./crm.js";
import { describeComposition, explainOperation } from "./describe.js";
import { type EncryptionOptions, openVault } from "./open-vault.js";
import { unnamedEntities, warnUnnamed } from "./warn-unnamed.js";

export { InvalidCrmOptions } from "./check-options.js";

export interface CrmOptions<Ps extends PluginList> extends MigrationOptions {
  readonly storage: StorageAdapter;
  /** In any order: dependencies decide. */
  readonly plugins: Ps;
  /** ISO 4217 code of bare amounts, such as `{ amount: { gte: "1000" } }` in a query. Default `USD`. */
  readonly currency?: string;
  /** ISO 3166-1 alpha-2 code of phone numbers without an international prefix, such as `CN`. Default: they are kept as written. */
  readonly country?: string;
  /** The tenant of an app that has one only: public routes and API keys of no other tenant use it. */
  readonly tenant?: string;
  /**
   * Signs links and cursors; at least 32 characters, the same in every process. Left out, one is made on the
   * first start and kept in the database.
   */
  readonly secret?: string;
  /** Of fields declared `encrypted()`: keys that the process holds, or a provider that keeps them elsewhere. */
  readonly encryption?: EncryptionOptions;
  /** What people may do, beside the built-in role `admin`. Without a role, nobody sees anything. */
  readonly roles?: readonly Role[];
  /** What narrows all roles, `admin` too. */
  readonly restrictions?: readonly Restriction[];
  /**
   * Capabilities of plugins that this app does not let them use, such as `leads.capture`: `crm.describe().capabilities`
   * lists them. What needs one fails with `capability-withheld`.
   */
  readonly withhold?: readonly string[];
  /**
   * Entities and their fields of which it is kept where each value is from: `{ contact: ["email", "phone"], account: true }`.
   * Default: none. `provenance(id)` of a repository reads it; `ctx.from()` says more than core knows by itself.
   */
  readonly provenance?: Readonly<Record<string, true | readonly string[]>>;
  /** Where jobs are kept. Default: in the app's database, `databaseJobs()`. */
  readonly jobs?: {
    readonly engine?: JobEngineFactory;
    /** In which tenants schedules make their jobs. Default: `tenant`, or else all that have entries in the journal. */
    readonly tenants?: () => AsyncIterable<string> | Iterable<string>;
  };
  /** Keeps what is read again and again, such as exchange rates. Default: nothing is kept. */
  readonly cache?: Cache;
  /** Where files are kept. Default: `localFiles("corm-files")`, a folder where the process was started. */
  readonly files?: FileStore;
  readonly clock?: Clock;
  /** Random bytes for ids; a seed makes tests repeat. */
  readonly random?: (size: number) => Uint8Array;
  /** Takes errors that have no caller left: of `committed` hooks. Default: written to standard error. */
  readonly onError?: (error: unknown) => void;
}

const START_TIMEOUT_MS = 30_000;

/**
 * Composes plugins into a CRM, brings the database up to them, and starts them.
 *
 * @throws composition-failed with everything that does not fit; schema-conflicts where data would be lost
 * @example
 * const crm = await createCrm({ storage: sqlite(":memory:"), plugins: [crmCore(), leads()] });
 * const me = crm.as({ actor: { kind: "user", id: "…" }, tenant: "acme", roles: ["admin"] });
 * await me.entities.lead.create({ lastName: "Lovelace" });
 */
export async function createCrm<const Ps extends PluginList>(options: CrmOptions<Ps>): Promise<Crm<Ps>> {
  checkOptions(options);
  const composition = compose(options.plugins, CORE_VERSION);
  const { storage } = options;
  const clock = options.clock ?? systemClock;
  const ids = createIds({ clock, ...(options.random ? { random: options.random } : {}) });
  const currency = options.currency ?? "USD";
  const { roles = [], restrictions = [] } = options;
  const withheld = withheldOf(composition, options.withhold);
  const provenance = provenanceFields(composition, options.provenance);
  const access = accessRegistry(
    composition,
    { roles, restrictions },
    { clock, currency, country: options.country },
  );
  warnUnnamed(unnamedEntities(composition.entities.values(), roles));
  const schema = physicalSchema(composition);
  await storage.open(schema);
  try {
    await migrate(composition, storage, options, clock);
    const secret = options.secret ?? (await resolveSecret(storage, clock.now()));
    const vault = await openVault(composition, storage, options.encryption, clock, secret);
    const historySince = await historiesSince(composition, storage);
    const enqueued = createSignals();
    const newId = () => ids.next();
    const report =
      // With its causes, which its stack alone does not show.
      options.onError ?? ((error: unknown) => process.stderr.write(`${inspect(error)}\n`));
    const notify = (queue: string) => enqueued.emit(queue);
    const jobs = (options.jobs?.engine ?? databaseJobs())({ storage, clock, newId, notify, report });
    const runtime: Runtime = {
      vault,
      composition,
      storage,
      clock,
      newId,
      currency,
      country: options.country,
      access,
      withheld,
      historySince,
      provenance,
      tokens: createTokens(secret, clock),
      fingerprint: (value) => hmacBase64Url(secret, `fingerprint\n${value}`),
      journalled: createSignals(),
      guard: new TransactionGuard(),
      enqueued,
      jobs,
      cache: options.cache ?? null,
      files: options.files ?? localFiles("corm-files"),
      workers: new Set(),
      random: options.random ?? cryptoRandom,
      report,
    };
    const crm = assemble<Ps>(runtime, options.tenant, options.jobs?.tenants);
    const started: (() => Promise<void>)[] = [];
    try {
      for (const plugin of composition.plugins) {
        if (plugin.parts.start)
          await withTimeout(plugin.parts.start(crm), `plugin "${plugin.name}" to start`);
        const { stop } = plugin.parts;
        if (stop) started.unshift(() => withTimeout(stop(crm), `plugin "${plugin.name}" to stop`));
      }
    } catch (error) {
      for (const stop of started) await stop().catch(runtime.report);
      throw error;
    }
    const stopAll = async () => {
      // Together, so that however many there are it takes the time of one.
      await Promise.all([...runtime.workers].map((worker) => worker.stop()));
      await jobs.close?.();
      await options.cache?.close?.();
      for (const stop of started) await stop().catch(runtime.report);
      await storage.close();
    };
    let stopped: Promise<void> | undefined;
    return Object.assign(crm, {
      stop: () => {
        stopped ??= stopAll();
        return stopped;
      },
    });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

function assemble<Ps extends PluginList>(
  runtime: Runtime,
  defaultTenant: string | undefined,
  tenants: () => AsyncIterable<string> | Iterable<string> = () =>
    defaultTenant === undefined ? tenantsOf(runtime.storage) : [defaultTenant],
): Crm<Ps> {
  const services: SessionServices = {
    repository: repositoryFactory(runtime.composition),
    runAction,
    changes: readChanges,
    emit: emitEvent,
    jobs: sessionJobs,
    entry: readEntry,
  };
  const session = (identity: Identity): Context => new Session(runtime, services, identity);
  const crm: Crm<Ps> = {
    runtime,
    defaultTenant,
    roles: runtime.access.roles,
    report: runtime.report,
    as: (identity) => session(checkActor(identity)) as AppSession<Ps>,
    system: ({ tenant, ...use }) =>
      session(checkIdentity({ actor: systemActor(runtime, use), tenant })) as AppSession<Ps>,
    describe: () => describeComposition(runtime.composition, runtime.withheld),
    explain(operation) {
      const steps = explainOperation(runtime.composition, operation);
      if (!steps)
        throw InvalidQuery({
          reason: `There is no operation "${operation}". Write entity.create, entity.update, … or an action's name.`,
        });
      return steps;
    },
    planMigration: () => planMigration(runtime.composition, runtime.storage),
    worker(options = {}) {
      const open = (identity: Identity, chain: readonly string[], tx?: Session) =>
        new Session(runtime, services, identity, tx?.scope ?? null, chain);
      return createWorker({ runtime, crm, scheduler, subscriptions, session: open }, options);
    },
    stop: async () => {},
  };
  const scheduler = new Scheduler(runtime, crm, tenants);
  const subscriptions = new Subscriptions(runtime, crm, tenants);
  return crm;
}

async function withTimeout(work: Promise<void>, what: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(InvalidCrmOptions({ problem: `Waited ${START_TIMEOUT_MS / 1000} s for ${what}.` })),
      START_TIMEOUT_MS,
    );
  });
  try {
    await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
