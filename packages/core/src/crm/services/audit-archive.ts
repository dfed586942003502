import type { AuditHead } from "../../journal/head.js";
import { defineService } from "../../services/define-service.js";

/**
 * Keeps the signed ends of the audit trail outside of the database, where nobody who can change the one can change the
 * other: a mailbox, a bucket that lets nothing be overwritten, another company. A plugin provides it.
 */
export interface AuditArchive {
  /** Called every night for each tenant, and again where it rejects. The same head may come twice. */
  keep(head: AuditHead): Promise<void>;
}

export const auditArchive = defineService<AuditArchive>("crm.auditArchive");
