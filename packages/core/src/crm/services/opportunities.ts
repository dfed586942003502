import { defineService } from "../../services/define-service.js";
import type { Money } from "../../util/money.js";

export interface OpportunityRequest {
  readonly name: string;
  readonly accountId: string | null;
  readonly contactId: string | null;
  readonly ownerId: string | null;
  readonly amount: Money | null;
  /** `YYYY-MM-DD` */
  readonly closeDate: string | null;
}

/** How other plugins open an opportunity without knowing the plugin that keeps them. plugin-sales provides it. */
export interface Opportunities {
  open(request: OpportunityRequest): Promise<{ readonly id: string }>;
}

export const opportunities = defineService<Opportunities>("crm.opportunities");
