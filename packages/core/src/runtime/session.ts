import type { Catalog } from "../context/catalog.js";
import type { ActionHandle, Actor, Context, Identity, ServiceToken } from "../context/context.js";
import type { Repository } from "../context/repository.js";
import type { Tokens } from "../context/tokens.js";
import type { FieldCipher } from "../encryption/field-cipher.js";
import type { Entity } from "../entity/entity.js";
import {
  EntityMissing,
  HookRecursion,
  ServiceMissing,
  TransactionAborted,
  TransactionConflict,
  TransactionMisuse,
} from "../errors/index.js";
import type { EntityModel } from "../model/entity-model.js";
import type { BoundStorage, Operations } from "../storage/adapter.js";
import { type Clock, toInstant } from "../util/clock.js";
import { nearest } from "../util/words.js";
import { type AppEntities, appEntities } from "./app-entities.js";
import { catalogOf } from "./catalog.js";
import type { QueryScope } from "./query-scope.js";
import { openScope, type Runtime, type TransactionScope } from "./runtime.js";

const MAX_DEPTH = 8;
const CONFLICT_RETRIES = 4;

/** How a session makes repositories and runs actions: given by the kernel, which knows both. */
export interface SessionServices {
  repository(session: Session, entity: EntityModel): Repository<unknown, unknown>;
  runAction(
    session: Session,
    action: ActionHandle,
    input: unknown,
    target: ActionTarget | undefined,
  ): Promise<unknown>;
}

export interface ActionTarget {
  readonly id: string;
  readonly version?: number;
}

/**
 * The one implementation of `Context`. A class, because one is made for every request and every hook run, and
 * methods on a prototype cost nothing then.
 */
export class Session implements Context {
  readonly runtime: Runtime;
  readonly identity: Identity;
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
  ) {
    this.runtime = runtime;
    this.#services = services;
    this.identity = identity;
    this.scope = scope;
    this.chain = chain;
  }

  get actor(): Actor {
    return this.identity.actor;
  }
  get tenant(): string {
    return this.identity.tenant;
  }
  get locale(): string {
    return this.identity.locale ?? "en";
  }
  get signal(): AbortSignal | undefined {
    return this.identity.signal;
  }
  get requestId(): string | undefined {
    return this.identity.requestId;
  }
  get clock(): Clock {
    return this.runtime.clock;
  }
  get currency(): string {
    return this.runtime.currency;
  }
  get tokens(): Tokens {
    return this.runtime.tokens;
  }
  get catalog(): Catalog {
    return catalogOf(this.runtime.composition);
  }
  get inTransaction(): boolean {
    return this.scope !== null;
  }

  now(): string {
    return toInstant(this.runtime.clock.now());
  }

  newId(): string {
    return this.runtime.newId();
  }

  hasEntity(name: string): boolean {
    return this.runtime.composition.entities.has(name);
  }

  entity(name: string): EntityModel {
    const { entities } = this.runtime.composition;
    const entity = entities.get(name);
    if (!entity) throw EntityMissing({ entity: name, nearest: nearest(name, entities.keys()) });
    return entity;
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

  service<T>(token: ServiceToken<T>): T {
    const service = this.optional(token);
    if (service === undefined) throw ServiceMissing({ service: token.name });
    return service;
  }

  optional<T>(token: ServiceToken<T>): T | undefined {
    const provider = this.runtime.composition.services.get(token.name)?.value;
    return provider ? (provider.make(this) as T) : undefined;
  }

  queryScope(): QueryScope {
    return {
      entities: this.runtime.composition.entities,
      tenant: this.tenant,
      now: this.runtime.clock.now(),
      currency: this.runtime.currency,
      cipher: this.runtime.vault?.peek(this.tenant),
    };
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

  asSystem(reason: string): Context {
    const actor: Actor = { kind: "system", reason };
    return new Session(this.runtime, this.#services, { ...this.identity, actor }, this.scope, this.chain);
  }

  /**
   * The same session, one operation deeper. What a deletion takes along counts once, however deep the records hang
   * from one another: it ends by itself.
   *
   * @throws hook-recursion
   */
  inside(operation: string, cascaded = false): Session {
    if (cascaded && this.chain.includes(operation)) return this;
    if (this.chain.filter((name) => name === operation).length >= MAX_DEPTH) {
      throw HookRecursion({ chain: [...this.chain, operation] });
    }
    return new Session(this.runtime, this.#services, this.identity, this.scope, [...this.chain, operation]);
  }

  /** Forgets which references were found to exist: something was deleted. */
  forgetReferences(): void {
    for (let { scope } = this as { scope: TransactionScope | null }; scope; scope = scope.parent)
      scope.seen.clear();
  }

  /** The storage, for this tenant only. */
  get #bound(): BoundStorage {
    this.#storage ??= this.runtime.storage.forTenant(this.tenant);
    return this.#storage;
  }

  /** The connection to work on, bound to the tenant. Every statement of core comes through here. */
  operations(): Operations {
    this.identity.signal?.throwIfAborted();
    const { scope } = this;
    if (!scope) {
      if (this.runtime.guard.getStore()?.active) {
        throw TransactionMisuse({
          reason:
            "A session from outside was used inside a transaction. Use the session that transaction() hands to its function: `crm.transaction((tx) => tx.…)`.",
        });
      }
      return this.#bound;
    }
    if (!scope.active) {
      throw TransactionMisuse({
        reason:
          "A session was used after its transaction had ended. Await everything inside transaction(), and do later work in a `committed` hook.",
      });
    }
    if (scope.failed) throw TransactionAborted({ failed: scope.failed });
    return scope.tx;
  }

  async transaction<T>(work: (tx: Session) => Promise<T>): Promise<T> {
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

  /** Like `transaction`, but runs `work` again when the database chose it as the victim of a collision. */
  async atomically<T>(work: (tx: Session) => Promise<T>): Promise<T> {
    if (this.scope) return this.transaction(work);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#begin(work);
      } catch (error) {
        if (!TransactionConflict.is(error) || attempt > CONFLICT_RETRIES) throw error;
      }
    }
  }

  async savepoint<T>(work: (tx: Session) => Promise<T>): Promise<T> {
    const parent = this.scope;
    if (!parent) return this.transaction(work);
    this.operations();
    let scope: TransactionScope | undefined;
    try {
      const result = await parent.tx.savepoint(async (tx) => {
        scope = openScope(tx, parent);
        return await this.#runIn(scope, work);
      });
      // Work queued inside counts only when the savepoint was kept.
      const kept = scope as TransactionScope;
      for (const later of kept.committed) parent.committed.push(later);
      parent.writes += kept.writes;
      return result;
    } finally {
      if (scope) scope.active = false;
    }
  }

  async #begin<T>(work: (tx: Session) => Promise<T>): Promise<T> {
    this.operations();
    // Keys are made in a transaction of their own: they must outlive one that fails.
    if (this.runtime.vault) await this.openKeys();
    let scope: TransactionScope | undefined;
    let result: T;
    try {
      result = await this.#bound.transaction(async (tx) => {
        scope = openScope(tx, null);
        return await this.#runIn(scope, work);
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

  async #runIn<T>(scope: TransactionScope, work: (tx: Session) => Promise<T>): Promise<T> {
    const session = new Session(this.runtime, this.#services, this.identity, scope, this.chain);
    const result = await this.runtime.guard.run(scope, () => work(session));
    if (scope.failed) throw TransactionAborted({ failed: scope.failed });
    return result;
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
