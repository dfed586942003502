import { assignments, type Context } from "@corm/core";
import type { Lead } from "../entities/lead.js";
import { isOpen } from "../hooks/protect-conversion.js";

/**
 * Gives new leads to people by the rules of the tenant, where a plugin keeps some: in the transaction that makes them,
 * after they were scored. Those of a pool wait there, and those with an owner keep him.
 */
export async function giveOut(ctx: Context, made: readonly Lead[]): Promise<void> {
  const ids = made
    .filter(({ ownerId, poolId, status }) => ownerId === null && poolId === null && isOpen(status))
    .map(({ id }) => id);
  if (ids.length === 0) return;
  const service = ctx.optional(assignments);
  if (!service || !(await service.asked("lead"))) return;
  await service.assign({ target: "lead", ids, cause: "created" });
}
