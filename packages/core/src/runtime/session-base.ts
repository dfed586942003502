import type { BulkRight } from "../access/policy.js";
import type { Walk } from "../access/reach-filter.js";
import { requireRight } from "../access/require.js";
import type { SessionAccess } from "../access/session-access.js";
import type { Actor, Identity } from "../context/context.js";
import type { ExtensionPoint } from "../context/extension-point.js";
import type { Origin } from "../context/provenance.js";
import type { RecordRight, Role } from "../context/role.js";
import type { Tokens } from "../context/tokens.js";
import type { FieldCipher } from "../encryption/field-cipher.js";
import { EntityMissing, Forbidden } from "../errors/index.js";
import type { EntityModel } from "../model/entity-model.js";
import { LIVE_COLUMN, TENANT_COLUMN } from "../model/system-fields.js";
import { always, and, type Filter } from "../storage/filter.js";
import { signalOf } from "../util/abortable.js";
import { type Clock, toInstant } from "../util/clock.js";
import { nearest } from "../util/words.js";
import type { QueryScope } from "./query-scope.js";
import type { Runtime } from "./runtime.js";

/** The part of a session that knows who asks and what he may see, and does nothing yet. */
export class SessionBase implements QueryScope {
  readonly runtime: Runtime;
  readonly identity: Identity;
  #access: SessionAccess | undefined;

  constructor(runtime: Runtime, identity: Identity, access: SessionAccess | undefined) {
    this.runtime = runtime;
    this.identity = identity;
    this.#access = access;
  }

  /** What the actor may see and do. @throws unknown-role */
  get access(): SessionAccess {
    this.#access ??= this.runtime.access.of(this.identity);
    return this.#access;
  }

  get actor(): Actor {
    return this.identity.actor;
  }
  get tenant(): string {
    return this.identity.tenant;
  }
  get roles(): readonly (string | Role)[] {
    return this.identity.roles ?? [];
  }
  get scopes(): readonly string[] | undefined {
    return this.identity.scopes;
  }
  get userId(): string | undefined {
    return this.identity.userId;
  }
  get locale(): string {
    return this.identity.locale ?? "en";
  }
  get signal(): AbortSignal | undefined {
    return signalOf(this.identity.signal);
  }
  get requestId(): string | undefined {
    return this.identity.requestId;
  }
  get origin(): Origin | undefined {
    return this.identity.origin;
  }
  get clock(): Clock {
    return this.runtime.clock;
  }
  get country(): string | undefined {
    return this.runtime.country;
  }
  get currency(): string {
    return this.runtime.currency;
  }
  get tokens(): Tokens {
    return this.runtime.tokens;
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

  contributions<T>(point: ExtensionPoint<T>): readonly T[] {
    return (this.runtime.composition.contributions.get(point.name) ?? []) as readonly T[];
  }

  /** Somebody else in the tenant of this session, for as long as it has. @throws forbidden unless it is the system's */
  identityOf(given: Omit<Identity, "tenant">): Identity {
    if (!this.access.isSystem || given.actor.kind === "system")
      throw Forbidden({ reason: "Only the system acts in the name of others, and of people or keys alone." });
    const { signal, requestId, tenant } = this.identity;
    return {
      ...given,
      tenant,
      ...(signal ? { signal } : {}),
      ...(requestId === undefined ? {} : { requestId }),
    };
  }

  /** The entity as the actor may see it. Where he may see nothing of it, the view has only what core keeps itself. */
  entity(name: string): EntityModel {
    return this.access.view(this.model(name));
  }

  /** The whole entity, whoever asks. */
  model(name: string): EntityModel {
    const { entities } = this.runtime.composition;
    const entity = entities.get(name);
    if (!entity) throw EntityMissing({ entity: name, nearest: nearest(name, entities.keys()) });
    return entity;
  }

  get cipher(): FieldCipher | undefined {
    return this.runtime.vault?.peek(this.tenant);
  }

  get nowMs(): number {
    return this.runtime.clock.now();
  }

  /** Records of the tenant that are not in the recycle bin, whoever asks. */
  rows(withDeleted = false): Filter {
    const tenant: Filter = { op: "eq", column: TENANT_COLUMN, value: this.tenant };
    return withDeleted ? tenant : { op: "and", of: [tenant, { op: "eq", column: LIVE_COLUMN, value: 1 }] };
  }

  /** Of those, the ones that a right of the actor reaches. */
  reached(entity: EntityModel, right: RecordRight, withDeleted = false, walk: Walk = "page"): Filter {
    const rows = this.rows(withDeleted);
    const filter = this.access.filter(entity, right, walk);
    return filter === always ? rows : and(rows, filter);
  }

  visible(entity: EntityModel, withDeleted = false, walk: Walk = "page"): Filter {
    return this.reached(entity, "read", withDeleted, walk);
  }

  /** @throws forbidden where no role of the actor has this right on any record of the entity */
  require(entity: EntityModel, right: RecordRight | BulkRight): void {
    requireRight(this.access, entity, right);
  }

  permits(permission: string): boolean {
    return this.access.permits(permission);
  }
}
