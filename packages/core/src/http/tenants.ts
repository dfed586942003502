import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Session } from "../runtime/session.js";
import { createLru } from "../util/lru.js";

/** Says whether credentials of a tenant count. */
export type AcceptedTenants = (tenant: string) => boolean;

export type TenantCrm = Pick<CrmHandle, "system" | "defaultTenant">;

/** Sessions are cheap, but not free: the last tenants' ones are kept. */
const KEPT = 1000;

/** Sessions of the system in one tenant each, in which credentials are looked up. */
export function systemSessions(crm: TenantCrm, reason: string): (tenant: string) => Session {
  const kept = createLru<string, Session>(KEPT);
  return (tenant) => {
    let session = kept.get(tenant);
    if (!session) {
      session = crm.system({ tenant, capability: "core.credentials", reason }) as Session;
      kept.set(tenant, session);
    }
    return session;
  };
}
