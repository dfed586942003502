import type { Context } from "../../context/context.js";
import { defineService } from "../../services/define-service.js";

export interface AssignmentOrder {
  /** Name of the entity. */
  readonly target: string;
  /** At most 500. Those that have an owner keep him, unless they are taken from him. */
  readonly ids: readonly string[];
  /** Why it comes to be decided: kept with the decision. */
  readonly cause: "created" | "asked" | "retried" | "returned" | "reassigned";
  /** Takes records from this user, and does not give them back to him. */
  readonly takeFrom?: string;
  /** Decides, and writes nothing. */
  readonly preview?: boolean;
  /** Whose members are the candidates, whatever the rule or the record says. */
  readonly teamId?: string | undefined;
  /** How many more each of these users may get; who is not in the answer gets as many as come. */
  readonly room?: (ctx: Context, userIds: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** What nobody can take now is not tried again by itself. */
  readonly once?: boolean;
}

export interface AssignmentAnswer {
  readonly recordId: string;
  readonly outcome: "assigned" | "waiting" | "unmatched";
  readonly userId?: string | null | undefined;
  readonly ruleId?: string | null | undefined;
  /** The strategy of the rule, `preferred` or `fallback`. */
  readonly by?: string | null | undefined;
  /** Everybody who was considered, and why it was not he. */
  readonly considered: readonly { readonly userId: string; readonly passedOver: string | null }[];
}

/** How other plugins find people for their records, by the rules of the tenant. plugin-workflow provides it. */
export interface Assignments {
  /** In the caller's transaction; each decision is kept. @throws assignment-target-unknown, team-too-large, too-many-records */
  assign(order: AssignmentOrder): Promise<readonly AssignmentAnswer[]>;
  /** Whether somebody must call `assign` for new records of an entity: there are rules, and nothing does it when they are made. */
  asked(target: string): Promise<boolean>;
  /** Takes records out of those that are tried again because nobody could take them. In the caller's transaction. */
  withdraw(target: string, ids: readonly string[]): Promise<void>;
}

export const assignments = defineService<Assignments>("crm.assignments");
