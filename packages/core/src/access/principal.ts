import type { Identity } from "../context/context.js";
import { isUuid } from "../util/uuid.js";

/** Who asks, as filters need it. */
export interface Principal {
  readonly tenant: string;
  /** Id of the user whose records are the actor's own; null where he is nobody's. */
  readonly userId: string | null;
  readonly roles: readonly string[];
}

export function principalOf(identity: Identity, roles: readonly string[]): Principal {
  const { actor, tenant, userId = actor.kind === "user" ? actor.id : undefined } = identity;
  const own = userId?.toLowerCase();
  return { tenant, roles, userId: isUuid(own) ? own : null };
}
