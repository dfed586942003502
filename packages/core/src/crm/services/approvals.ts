import { defineService } from "../../services/define-service.js";

export interface ApprovalState {
  readonly id: string;
  readonly state: "pending" | "approved" | "rejected" | "recalled";
}

/** How other plugins have records approved without knowing the plugin that keeps approvals. plugin-workflow provides it. */
export interface Approvals {
  /** Hands a record in, in the name of the session's user. @throws no-approval-process, approver-missing, record-locked */
  submit(request: {
    readonly target: string;
    readonly id: string;
    readonly comment?: string;
  }): Promise<ApprovalState>;
  /** The last approval of a record, or null where it was never submitted. */
  latest(target: string, id: string): Promise<ApprovalState | null>;
}

export const approvals = defineService<Approvals>("crm.approvals");
