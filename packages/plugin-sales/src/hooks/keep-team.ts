import { before, type Context, type HookDefinition } from "@corm/core";
import { opportunityMember } from "../entities/opportunity-people.js";
import { TeamIsSetWhole } from "../errors.js";

/** One member after another could not add up to 100 %: the team is written as a whole. */
function refuse(_: readonly unknown[], ctx: Context): void {
  if (
    ctx.actor.kind === "system" &&
    (ctx.actor.capability === "sales.pipelines" || ctx.actor.capability === "core.privacy")
  )
    return;
  if (!/^(opportunity|user)\./.test(ctx.chain.at(-2) ?? "")) throw TeamIsSetWhole({});
}

export const keepTeam: readonly HookDefinition[] = (
  ["create", "update", "delete", "restore", "purge"] as const
).map((operation) =>
  before(opportunityMember, operation, { name: `sales.team-${operation}`, stage: "early" }, refuse),
);
