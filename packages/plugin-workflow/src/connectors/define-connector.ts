import { defineExtensionPoint, type Static, type TObject, type TSchema } from "@corm/core";
import type { GuardedAnswer, GuardedRequest } from "../net/guarded-request.js";

/** What an action of a connector is told. */
export interface ConnectorCall<C> {
  readonly credentials: C;
  /** The idempotency key for the other side: the same at every attempt. */
  readonly key: string;
  readonly attempt: number;
  readonly signal: AbortSignal | undefined;
  /** The one way out: to public addresses alone, unless the host allows more. @throws RequestFailed */
  readonly request: (request: GuardedRequest) => Promise<GuardedAnswer>;
}

export interface ConnectorAction {
  readonly label: string;
  readonly input: TObject;
  readonly output: TSchema;
  readonly run: (input: never, call: ConnectorCall<never>) => Promise<unknown>;
}

/** What comes in from the other system, before anybody believes it. */
export interface Incoming<C> {
  readonly credentials: C;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** As it was sent. */
  readonly body: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What an incoming request means. */
export type Understood =
  /** Nobody knows that it is from the other system: 401. */
  | { readonly kind: "unsigned" }
  /** An answer of its own, such as to a question whether somebody is there; nothing is started. */
  | { readonly kind: "answer"; readonly body: string; readonly contentType?: string }
  /** Something has happened there. `id` is unlike any other: it counts once. */
  | { readonly kind: "event"; readonly id: string; readonly event: string; readonly payload: unknown };

export interface ConnectorEvent {
  readonly label: string;
  /** What comes in is checked against it: it is from outside. */
  readonly payload: TObject;
}

export interface ConnectorDefinition {
  readonly name: string;
  readonly label: string;
  readonly credentials: TObject;
  readonly actions: Readonly<Record<string, ConnectorAction>>;
  readonly events: Readonly<Record<string, ConnectorEvent>>;
  readonly understand: ((incoming: Incoming<never>) => Understood) | null;
}

/** An action with its types; for `defineConnector`. */
export function connectorAction<C extends TObject>() {
  return <I extends TObject, O extends TSchema>(action: {
    readonly label: string;
    readonly input: I;
    readonly output: O;
    /** Outside of transactions; what it throws is tried again, unless it is a 4xx `CormError`. */
    readonly run: (input: Static<I>, call: ConnectorCall<Static<C>>) => Promise<Static<O>>;
  }): ConnectorAction => action as unknown as ConnectorAction;
}

/**
 * Declares how to talk to another system: what is done there, and what is heard from there. A package contributes it to
 * `connectors`; a tenant makes a `connection` with credentials of its own, which are kept encrypted.
 *
 * @param definition.name kebab-case, such as `slack`
 */
export function defineConnector<C extends TObject>(definition: {
  readonly name: string;
  readonly label: string;
  /** Texts. */
  readonly credentials: C;
  readonly actions?: Readonly<Record<string, ConnectorAction>>;
  readonly events?: Readonly<Record<string, ConnectorEvent>>;
  /** Checks the signature, and says what a request means. Pure. */
  readonly understand?: (incoming: Incoming<Static<C>>) => Understood;
}): ConnectorDefinition {
  const { name, label, credentials, actions = {}, events = {}, understand = null } = definition;
  return {
    name,
    label,
    credentials,
    actions,
    events,
    understand: understand as ConnectorDefinition["understand"],
  };
}

/** Connectors that packages add. */
export const connectors = defineExtensionPoint<ConnectorDefinition>("workflow.connectors");
