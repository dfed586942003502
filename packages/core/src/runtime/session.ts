import { explainAccess } from "../access/explain.js";
import { type SessionAccess, systemAccess } from "../access/session-access.js";
import type { Catalog } from "../context/catalog.js";
import type { ActionHandle, Context, Identity, ServiceToken } from "../context/context.js";
import type { EventHandle, EventSubject } from "../context/event.js";
import type { Jobs } from "../context/jobs.js";
import type { ChangesPage, ChangesQuery, JournalEntry } from "../context/journal.js";
import type { Origin } from "../context/provenance.js";
import type { Repository } from "../context/repository.js";
import type { AccessExplanation, RecordRight } from "../context/role.js";
import type { Simulation } from "../context/simulation.js";
import type { SystemUse } from "../context/system-use.js";
import type { FieldCipher } from "../encryption/field-cipher.js";
import type { Entity } from "../entity/entity.js";
import { ServiceMissing, TransactionAborted, TransactionConflict, Unauthenticated } from "../errors/index.js";
import type { EntityModel } from "../model/entity-model.js";
import type { BoundStorage, Operations, StoredRow } from "../storage/adapter.js";
import type { Abortable } from "../util/abortable.js";
import { untilAborted } from "../util/until-aborted.js";
import { type AppEntities, appEntities } from "./app-entities.js";
import { catalogOf } from "./catalog.js";
import { isReached } from "./is-reached.js";
import { refuseRecursion, usedAfter, usedInside } from "./misuse.js";
import { checkOrigin } from "./origin.js";
import { openScope, type Runtime, type TransactionScope } from "./runtime.js";
import { SessionBase } from "./session-base.js";
import { simulated } from "./simulated.js";
import { systemActor } from "./system-actor.js";

const CONFLICT_RETRIES = 4;
/** How long a transaction may take to end by itself once its caller has given it up. */
const ABORT_GRACE_MS = 500;

/** How a session makes repositories and runs actions: given by the kernel, which knows both. */
export interface SessionServices {
  repository(session: Session, entity: EntityModel): Repository<unknown, unknown>;
  runAction(
    session: Session,
    action: ActionHandle,
    input: unknown,
    target: ActionTarget | undefined,
  ): Promise<unknown>;
  changes(session: Session, query: ChangesQuery | undefined): Promise<ChangesPage>;
  jobs(session: Session): Jobs;
  entry(row: StoredRow): JournalEntry;
  emit(
    session: Session,
    event: EventHandle,
    payload: unknown,
    subject: EventSubject | undefined,
  ): Promise<void>;
}

type Work<T> = (tx: Session) => Promise<T>;

export interface ActionTarget {
  readonly id: string;
  readonly version?: number;
}

/**
 * The one implementation of `Context`. A class, because one is made for every request and every hook run, and
 * methods on a prototype cost nothing then.
 */
export class Session extends SessionBase implements Context {
  readonly scope: TransactionScope | null;
  readonly chain: readonly string[];
  readonly #services: SessionServices;
  #repositories: Map<string, Repository<unknown, unknown>> | undefined;
  #entities: AppEntities | undefined;
  #storage: BoundStorage | undefined;

  constructor(
    runtime: Runtime,
    services: SessionServices,
    identity: Identity,
    scope: TransactionScope | null = null,
    chain: readonly string[] = [],
    access?: SessionAccess,
  ) {
    super(runtime, identity, access);
    this.#services = services;
    this.scope = scope;
    this.chain = chain;
  }

  get catalog(): Catalog {
    return catalogOf(this);
  }
  get inTransaction(): boolean {
    return this.scope !== null;
  }

  repo<Name extends string, Row, Input, Related>(
    entity: Entity<Name, Row, Input, Related>,
  ): Repository<Row, Input, Related> {
    return this.repoOf(entity.name) as Repository<Row, Input, Related>;
  }

  /** Repositories by entity name, with actions as methods: what `AppSession` types. */
  get entities(): AppEntities {
    this.#entities ??= appEntities(this);
    return this.#entities;
  }

  repoOf(name: string): Repository<unknown, unknown> {
    this.#repositories ??= new Map();
    let repository = this.#repositories.get(name);
    if (!repository) {
      repository = this.#services.repository(this, this.entity(name));
      this.#repositories.set(name, repository);
    }
    return repository;
  }

  run<Input, Output>(
    action: ActionHandle<string, string | null, Input, Output>,
    input: Input,
    target?: ActionTarget,
  ): Promise<Output> {
    return this.#services.runAction(this, action, input, target) as Promise<Output>;
  }

  changes(query?: ChangesQuery): Promise<ChangesPage> {
    return this.#services.changes(this, query);
  }

  emit<Payload>(event: EventHandle<Payload>, payload: Payload, subject?: EventSubject): Promise<void> {
    return this.#services.emit(this, event, payload, subject);
  }

  get jobs(): Jobs {
    return this.#services.jobs(this);
  }

  service<T>(token: ServiceToken<T>): T {
    const service = this.optional(token);
    if (service === undefined) throw ServiceMissing({ service: token.name });
    return service;
  }

  optional<T>(token: ServiceToken<T>): T | undefined {
    const provider = this.runtime.composition.services.get(token.name)?.value;
    return provider ? (provider.make(this) as T) : undefined;
  }

  can(right: RecordRight, entity: { readonly name: string }, id?: string): Promise<boolean> {
    return isReached(this, this.model(entity.name), right, id);
  }

  explainAccess(
    entity: { readonly name: string },
    id: string,
    right: RecordRight,
  ): Promise<AccessExplanation> {
    return explainAccess(this.operations(), this.access, this.model(entity.name), id, right, this.rows(true));
  }

  /** Opens the keys of the tenant, where the app has encrypted fields: before conditions are read. */
  openKeys(): Promise<unknown> | void {
    const { vault } = this.runtime;
    if (vault && !vault.peek(this.tenant)) return this.reading();
  }

  /** What decrypts; `again` after a value of a key that it did not have. */
  async reading(again = false): Promise<FieldCipher> {
    const { vault } = this.runtime;
    if (!vault) throw new Error("no field of this CRM is encrypted");
    const found = again ? undefined : vault.peek(this.tenant);
    if (found) return found;
    return this.scope || again
      ? vault.reopen(this.tenant, this.operations(), this.scope !== null)
      : vault.open(this.tenant);
  }

  /** What encrypts: the key that the database says is the one now, which stays so until this transaction ends. */
  async sealing(): Promise<FieldCipher> {
    const { vault } = this.runtime;
    if (!vault) throw new Error("no field of this CRM is encrypted");
    const { scope } = this;
    if (scope?.cipher) return scope.cipher;
    const cipher = await vault.sealing(this.tenant, this.operations(), scope !== null);
    if (scope) scope.cipher = cipher;
    return cipher;
  }

  asSystem(use: SystemUse): Context {
    const actor = systemActor(this.runtime, use);
    const { revalidate: _, ...rest } = this.identity;
    // The journal tells who was behind it.
    const { userId = this.actor.kind === "user" ? this.actor.id : undefined } = rest;
    const identity = userId === undefined ? rest : { ...rest, userId };
    const { runtime, scope, chain } = this;
    return new Session(runtime, this.#services, { ...identity, actor }, scope, chain, systemAccess);
  }

  actingAs(given: Omit<Identity, "tenant">, cause?: string): Session {
    const identity = this.identityOf(given);
    const chain = cause === undefined || this.chain.includes(cause) ? this.chain : [...this.chain, cause];
    return new Session(this.runtime, this.#services, identity, this.scope, chain);
  }

  /** The same, for what is to be found again in the journal under a name of its own. */
  forRequest(requestId: string): Session {
    return this.#like({ requestId });
  }

  from(origin: Origin): Session {
    return this.#like({ origin: checkOrigin(origin) });
  }

  #like(part: Partial<Identity>): Session {
    const { runtime, identity, scope, chain, access } = this;
    return new Session(runtime, this.#services, { ...identity, ...part }, scope, chain, access);
  }

  /** The same actor with the rights of the system: for what follows from something that he was allowed to do. */
  trusted(): Session {
    if (this.access.isSystem) return this;
    return this.#with(this.scope, this.chain, systemAccess);
  }

  #with(scope: TransactionScope | null, chain: readonly string[], access = this.access): Session {
    return new Session(this.runtime, this.#services, this.identity, scope, chain, access);
  }

  /**
   * The same session, one operation deeper. What a deletion takes along counts once, however deep the records hang
   * from one another: it ends by itself.
   *
   * @throws hook-recursion
   */
  inside(operation: string, cascaded = false): Session {
    if (cascaded && this.chain.includes(operation)) return this;
    refuseRecursion(this.chain, operation);
    return this.#with(this.scope, [...this.chain, operation]);
  }

  /** Forgets which references were found to exist: something was deleted. */
  forgetReferences(): void {
    for (let { scope } = this as { scope: TransactionScope | null }; scope; scope = scope.parent)
      scope.seen.clear();
  }

  /** The storage, for this tenant only. */
  get #bound(): BoundStorage {
    this.#storage ??= this.runtime.storage.forTenant(this.tenant, this.identity.signal);
    return this.#storage;
  }

  /** The connection to work on, bound to the tenant. Every statement of core comes through here. */
  operations(): Operations {
    this.identity.signal?.throwIfAborted();
    const { scope } = this;
    if (!scope) {
      if (this.runtime.guard.isInside) throw usedInside();
      return this.#bound;
    }
    if (!scope.active) throw usedAfter();
    if (scope.failed) throw TransactionAborted({ failed: scope.failed });
    return scope.tx;
  }

  async transaction<T>(work: Work<T>): Promise<T> {
    const { scope } = this;
    if (!scope) return this.#begin(work);
    this.operations();
    const { writes } = scope;
    try {
      return await work(this);
    } catch (error) {
      // Whoever catches this must not commit half of what was to be all or nothing.
      if (scope.writes > writes) scope.failed ??= "A transaction inside";
      throw error;
    }
  }

  /**
   * Like `transaction`, but runs `work` again when the database chose it as the victim of a collision. Core's own work
   * is not `guarded`: it calls code of others through the guard itself.
   */
  async atomically<T>(work: Work<T>, guarded = true): Promise<T> {
    if (this.scope) return this.transaction(work);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#begin(work, guarded);
      } catch (error) {
        if (!TransactionConflict.is(error) || attempt > CONFLICT_RETRIES) throw error;
      }
    }
  }

  simulate<T>(work: Work<T>): Promise<Simulation<T>> {
    const begin = (trial: (tx: Session) => Promise<never>) =>
      this.scope ? this.#save(this.scope, trial, true) : this.#begin(trial, true, true);
    return simulated(this.#services.entry, work, begin);
  }

  async savepoint<T>(work: Work<T>): Promise<T> {
    return this.scope ? this.#save(this.scope, work) : this.transaction(work);
  }

  async #save<T>(parent: TransactionScope, work: Work<T>, trial?: boolean): Promise<T> {
    this.operations();
    let scope: TransactionScope | undefined;
    try {
      const result = await parent.tx.savepoint(async (tx) => {
        scope = openScope(tx, parent, trial);
        return await this.#runIn(scope, work, true);
      });
      // Work queued inside counts only when the savepoint was kept.
      const kept = scope as TransactionScope;
      for (const later of kept.committed) parent.committed.push(later);
      parent.entered?.push(...(kept.entered ?? []));
      parent.writes += kept.writes;
      parent.journalled ||= kept.journalled;
      return result;
    } finally {
      if (scope) scope.active = false;
    }
  }

  async #begin<T>(work: Work<T>, guarded = true, trial?: boolean): Promise<T> {
    this.operations();
    // Keys are made in a transaction of their own: they must outlive one that fails.
    if (this.runtime.vault) await this.openKeys();
    let scope: TransactionScope | undefined;
    let result: T;
    try {
      result = await this.#bound.transaction((tx) => {
        scope = openScope(tx, null, trial);
        const { signal } = this.identity;
        const running = this.#runIn(scope, work, guarded);
        return signal ? this.#inTime(running, signal) : running;
      });
    } finally {
      if (scope) scope.active = false;
    }
    for (const run of scope?.committed ?? []) {
      try {
        await run();
      } catch (error) {
        this.runtime.report(error);
      }
    }
    return result;
  }

  async #inTime<T>(running: Promise<T>, signal: Abortable): Promise<T> {
    // What does not end although it was told to must not keep its locks.
    const done = await untilAborted(running, signal, ABORT_GRACE_MS, this.runtime.report);
    // The last moment at which nothing of it has happened.
    signal.throwIfAborted();
    return done;
  }

  async #runIn<T>(scope: TransactionScope, work: Work<T>, guarded: boolean): Promise<T> {
    const session = this.#with(scope, this.chain);
    const proven = scope.parent === null && this.identity.revalidate && !this.access.isSystem;
    const run = () => (proven ? session.#revalidated().then(work) : work(session));
    const result = await (guarded ? this.runtime.guard.run(scope, run) : run());
    if (scope.failed) throw TransactionAborted({ failed: scope.failed });
    return result;
  }

  /** The session with the roles that its actor has by now. @throws unauthenticated where he has been shut out */
  async #revalidated(): Promise<Session> {
    const { revalidate } = this.identity;
    const current = await revalidate?.(
      this.asSystem({ capability: "core.credentials", reason: "look up the actor's roles" }),
    );
    if (!current) throw Unauthenticated({ reason: "The account may not be used any more." });
    // The same lists: nothing of it has changed.
    if (current.roles === this.identity.roles && current.scopes === this.identity.scopes) return this;
    const identity = { ...this.identity, ...current };
    return new Session(this.runtime, this.#services, identity, this.scope, this.chain);
  }

  /**
   * A session of the same identity outside of any transaction, for work after the commit. Without the signal: what is
   * committed has happened, and a caller who hangs up must not keep others from hearing of it.
   */
  outside(): Session {
    const { signal: _, ...identity } = this.identity;
    return new Session(this.runtime, this.#services, identity, null, this.chain);
  }
}
