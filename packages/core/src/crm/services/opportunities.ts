import type { AnyEntity } from "../../entity/entity.js";
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
  /** Fields of `entity` beyond those, by name; only where the provider names its entity. */
  readonly values?: Readonly<Record<string, unknown>>;
}

/** How other plugins open an opportunity without knowing the plugin that keeps them. plugin-sales provides it. */
export interface Opportunities {
  /** What opportunities are kept as: others can then fill one that is there, and map their fields to its own. */
  readonly entity?: AnyEntity;
  open(request: OpportunityRequest): Promise<{ readonly id: string }>;
}

export const opportunities = defineService<Opportunities>("crm.opportunities");
