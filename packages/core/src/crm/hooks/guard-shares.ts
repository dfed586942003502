import type { Context } from "../../context/context.js";
import { Forbidden, NotFound, ValidationFailed } from "../../errors/core-errors.js";
import { before, type HookDefinition } from "../../hooks/define-hook.js";
import { type RecordShare, recordShare } from "../entities/record-share.js";

/** A share is worth as much as the right of whoever makes it: only who may share a record shares it. */
export const guardShares: readonly HookDefinition[] = [
  before(recordShare, "create", { name: "crm.check-shares" }, async (batch, ctx) => {
    batch.forEach(({ input }, i) => {
      const given = [input.userId, input.teamId, input.role].filter((to) => to != null);
      if (given.length === 1) return;
      const message = "takes exactly one of userId, teamId and role";
      throw ValidationFailed({
        entity: "recordShare",
        issues: [{ pointer: batch.length === 1 ? "" : `/${i}`, code: "one-of", message }],
      });
    });
    await refuseStrangers(
      ctx,
      batch.map(({ input }) => input),
    );
  }),
  before(recordShare, "update", { name: "crm.check-share-changes" }, (batch, ctx) =>
    refuseStrangers(
      ctx,
      batch.map((change) => change.before),
    ),
  ),
  before(recordShare, "delete", { name: "crm.check-share-ends" }, (batch, ctx) =>
    refuseStrangers(
      ctx,
      batch.map((change) => change.before),
    ),
  ),
  before(recordShare, "restore", { name: "crm.check-share-returns" }, (batch, ctx) =>
    refuseStrangers(
      ctx,
      batch.map((change) => change.before),
    ),
  ),
];

type Shared = Pick<RecordShare, "entity" | "recordId">;

async function refuseStrangers(ctx: Context, shares: readonly Shared[]): Promise<void> {
  // Each record once; a batch shares one record with many people, as a rule.
  // Hooks run before values are checked: what is no text at all is told by that check.
  const named = shares.filter(
    ({ entity, recordId }) => typeof entity === "string" && typeof recordId === "string",
  );
  const records = new Map(named.map((share) => [`${share.entity}:${share.recordId}`, share]));
  for (const { entity, recordId } of records.values()) {
    if (!ctx.hasEntity(entity) || !(await ctx.can("read", { name: entity }, recordId)))
      throw NotFound({ entity, id: recordId });
    if (!(await ctx.can("share", { name: entity }, recordId)))
      throw Forbidden({ reason: `Your roles do not allow you to share the ${entity} ${recordId}.` });
  }
}
