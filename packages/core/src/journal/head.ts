import type { CrmHandle } from "../plugin/crm-handle.js";
import type { Session } from "../runtime/session.js";
import { type Head, headOf } from "./read.js";

const PURPOSE = "audit head";

/** Where a tenant's chain ends, signed: kept elsewhere, it shows later that nothing before it was changed or cut off. */
export interface AuditHead extends Head {
  readonly tenant: string;
  readonly signature: string;
}

/** The end of the chain as it is now, with everything committed in it. */
export async function auditHead(crm: CrmHandle, tenant: string): Promise<AuditHead> {
  const session = crm.system({
    tenant,
    capability: "core.journal",
    reason: "take the head of the audit trail",
  }) as Session;
  return signedHead(session);
}

/** The same for the tenant of a session of the system, outside of transactions. */
export async function signedHead(session: Session): Promise<AuditHead> {
  const { tenant } = session;
  const { position, hash } = await headOf(session);
  return { tenant, position, hash, signature: session.tokens.sign(PURPOSE, [tenant, position, hash]) };
}

/** Whether this app signed the head as it is. */
export function isOurHead(session: Session, head: AuditHead): boolean {
  const data = session.tokens.verify<[string, number, string]>(PURPOSE, String(head.signature));
  return data?.[0] === head.tenant && data[1] === head.position && data[2] === head.hash;
}
