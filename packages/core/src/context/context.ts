import type { Entity } from "../entity/entity.js";
import type { Abortable } from "../util/abortable.js";
import type { Clock } from "../util/clock.js";
import type { Catalog } from "./catalog.js";
import type { EventHandle, EventSubject } from "./event.js";
import type { ExtensionPoint } from "./extension-point.js";
import type { Jobs } from "./jobs.js";
import type { ChangesPage, ChangesQuery } from "./journal.js";
import type { Origin } from "./provenance.js";
import type { Repository } from "./repository.js";
import type { AccessExplanation, RecordRight, Role } from "./role.js";
import type { Simulation } from "./simulation.js";
import type { SystemUse } from "./system-use.js";
import type { Tokens } from "./tokens.js";

/** Who acts. Journal, access and hooks see it. */
export type Actor =
  | { readonly kind: "user"; readonly id: string }
  | { readonly kind: "apiKey"; readonly id: string }
  | { readonly kind: "system"; readonly reason: string; readonly capability?: string }
  /** A visitor of a public route. */
  | { readonly kind: "public"; readonly route: string };

/** A record that was written, and those that it matches: the ones that the actor may see. */
export interface DuplicateWarning {
  readonly entity: string;
  readonly id: string;
  readonly matches: readonly {
    readonly id: string;
    readonly score: number;
    readonly rules: readonly string[];
  }[];
}

export interface Identity {
  readonly actor: Actor;
  readonly tenant: string;
  /**
   * What the actor may do: names of roles of the app, or roles themselves. Whoever makes the identity vouches for them.
   * Without any, nothing is visible.
   */
  readonly roles?: readonly (string | Role)[];
  /** Narrows what the roles allow, as an API key does: `lead:read`, `lead:*`, `*:read`, `lead.convert`. */
  readonly scopes?: readonly string[];
  /** The user in whose name an actor of another kind works: what he owns counts as the actor's own. */
  readonly userId?: string;
  /**
   * Asked inside every writing transaction before anything else: what the actor may do by now, or null where he may do
   * nothing any more. For identities whose roles come from the database, so that a right taken away is not used again.
   */
  readonly revalidate?: (ctx: Context) => Promise<Pick<Identity, "roles" | "scopes"> | null>;
  /** Told of records that were written although a rule takes them for duplicates: the warning of policy `allow`. */
  readonly onDuplicates?: (warning: DuplicateWarning) => void;
  /** Where the values are from that it writes: see `Context.from`. Left out, core says what it knows by itself. */
  readonly origin?: Origin;
  /** BCP 47, for messages and formats. Default `en`. */
  readonly locale?: string;
  /**
   * Cancels: no statement begins any more, a server stops the one that is running, and what is not committed is rolled
   * back. SQLite works inside the process, and stops between two statements.
   */
  readonly signal?: Abortable;
  /** Correlates with the caller's log. */
  readonly requestId?: string;
}

/** A typed name for something a plugin offers to others. Made by `defineService`. */
export interface ServiceToken<T> {
  readonly name: string;
  readonly "~service"?: T;
}

/** A typed business operation. Made by `defineAction`. */
export interface ActionHandle<
  Name extends string = string,
  On extends string | null = string | null,
  Input = unknown,
  Output = unknown,
> {
  readonly name: Name;
  readonly on: On;
  readonly "~types"?: { readonly input: Input; readonly output: Output };
}

/**
 * Everything a hook, action, job or route may do, bound to one actor, tenant, clock and (inside `transaction`)
 * one database transaction. Cheap, immutable, never shared between requests.
 */
export interface Context extends Required<Pick<Identity, "actor" | "tenant" | "locale">> {
  /** What the identity says that the actor may do; see `Identity`. */
  readonly roles: readonly (string | Role)[];
  readonly scopes: readonly string[] | undefined;
  readonly userId: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal | undefined;
  readonly requestId: string | undefined;
  /** Where the values are from that this session writes, as somebody has said. */
  readonly origin: Origin | undefined;
  /**
   * The operations that this one runs inside of, outermost first and itself last: `["lead.convert", "contact.create"]`.
   * By it a hook tells a write of its own making from one that a caller asked for.
   */
  readonly chain: readonly string[];
  /** The currency of bare amounts. */
  readonly currency: string;
  /** ISO 3166-1 code of phone numbers and addresses that name no country; undefined where the app names none. */
  readonly country: string | undefined;
  /** Signs what leaves the house and comes back: links, cursors. Put the tenant into what you sign. */
  readonly tokens: Tokens;
  /** Now, as RFC 3339 text in UTC. */
  now(): string;
  /** A fresh UUIDv7. */
  newId(): string;
  repo<Name extends string, Row, Input, Related>(
    entity: Entity<Name, Row, Input, Related>,
  ): Repository<Row, Input, Related>;
  /**
   * The same session for values of another origin: where the app asks for provenance, it is kept of every field that is
   * written through it, also by hooks. `ctx.from({ source: "trade register", confidence: 0.9 })`; a default that gives way
   * to what a caller has said is `ctx.from({ source: "form", reference, ...ctx.origin })`.
   *
   * @throws invalid-origin
   */
  from(origin: Origin): Context;
  /** Runs an action through its hooks, in one transaction. `id` for actions on one record. */
  run<Input, Output>(
    action: ActionHandle<string, string | null, Input, Output>,
    input: Input,
    target?: { readonly id: string; readonly version?: number },
  ): Promise<Output>;
  /**
   * What happened in the tenant, in the order of commits, as the actor may see it: a cursor never skips what commits
   * late. Outside of transactions.
   */
  changes(query?: ChangesQuery): Promise<ChangesPage>;
  /** Enters an event in the journal, together with the transaction that it is emitted in. */
  emit<Payload>(event: EventHandle<Payload>, payload: Payload, subject?: EventSubject): Promise<void>;
  /** Work that is to be done later, in the name of the actor. */
  readonly jobs: Jobs;
  /** @throws service-missing where no plugin of the app provides it */
  service<T>(token: ServiceToken<T>): T;
  /** The service, or undefined where no plugin of the app provides it. */
  optional<T>(token: ServiceToken<T>): T | undefined;
  /** What the plugins of the app contribute to an extension point, in the order of the plugins. */
  contributions<T>(point: ExtensionPoint<T>): readonly T[];
  /** True where a plugin of this app declares the entity. */
  hasEntity(name: string): boolean;
  /** What the plugins of this app declare, by name. */
  readonly catalog: Catalog;
  /** True inside `transaction`, and so inside hooks and most actions: the wrong place to wait for another system. */
  readonly inTransaction: boolean;
  /**
   * All or nothing. Inside, use only the session that is handed in: the outer one throws `transaction-misuse`.
   * Nested calls join, and fail together: after a failed write, or a nested call that failed after it wrote, the
   * transaction can only roll back; see `savepoint`. Not run again by itself when it collides with another one.
   */
  transaction<T>(work: (tx: Context) => Promise<T>): Promise<T>;
  /** Rolls back only `work` when it throws, and lets the transaction go on. */
  savepoint<T>(work: (tx: Context) => Promise<T>): Promise<T>;
  /** Whether the actor may use what asks for this permission. */
  permits(permission: string): boolean;
  /** Whether a right of the actor reaches a record, or (without `id`) any record of the entity at all. */
  can(right: RecordRight, entity: { readonly name: string }, id?: string): Promise<boolean>;
  /** Why the actor may, or may not, do something to a record: by which grant of which role, and what stands against it. */
  explainAccess(
    entity: { readonly name: string },
    id: string,
    right: RecordRight,
  ): Promise<AccessExplanation>;
  /**
   * The same actor and transaction with the rights of the system, for bookkeeping that the actor must not do himself.
   *
   * @throws capability-withheld where the app withholds the capability; capability-unknown
   */
  asSystem(use: SystemUse): Context;
  /**
   * The same transaction in the name of somebody else, with his rights and no others. For sessions of the system, which
   * may do more than he anyway: so an automation acts as its principal.
   *
   * @param cause goes along in `chain`, and so into the journal and into jobs: by it a reader tells what came of what
   * @throws forbidden for every other session
   */
  actingAs(identity: Omit<Identity, "tenant">, cause?: string): Context;
  /**
   * Runs `work` in a transaction that is rolled back whatever comes of it, and answers what it would have done. Nothing
   * that follows a commit happens; what `work` itself does elsewhere does.
   */
  simulate<T>(work: (tx: Context) => Promise<T>): Promise<Simulation<T>>;
}
