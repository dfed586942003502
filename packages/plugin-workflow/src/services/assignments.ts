import { type Context, defineService } from "@corm/core";
import { type AssignmentRequest, assignRecords, type Decision } from "../assignment/assign-records.js";

/** For other plugins: people for their records, by the rules of the tenant. */
export interface Assignments {
  /** @throws assignment-target-unknown, team-too-large */
  assign(request: AssignmentRequest): Promise<Decision[]>;
}

export const assignments = defineService<Assignments>("workflow.assignments");

export const assignmentsOf = (ctx: Context): Assignments => ({
  assign: (request) => assignRecords(ctx, request),
});
