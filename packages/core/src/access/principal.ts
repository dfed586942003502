import type { Identity } from "../context/context.js";

/** Who asks, as filters need it. */
export interface Principal {
  readonly tenant: string;
  /** Id of the user whose records are the actor's own; null where he is nobody's. */
  readonly userId: string | null;
  readonly roles: readonly string[];
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function principalOf(identity: Identity, roles: readonly string[]): Principal {
  const { actor, tenant, userId = actor.kind === "user" ? actor.id : undefined } = identity;
  return { tenant, roles, userId: userId !== undefined && UUID.test(userId) ? userId.toLowerCase() : null };
}
