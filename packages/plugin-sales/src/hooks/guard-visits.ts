import { before, type Context, type HookDefinition } from "@corm/core";
import { stageVisit } from "../entities/stage-visit.js";
import { StageHistoryIsWritten } from "../errors.js";

/** Visits are written as part of a write of their opportunity, and in no other way. */
function refuse(operation: string) {
  return (_: readonly unknown[], ctx: Context): void => {
    const parent = ctx.chain.at(-2) ?? "";
    if (!/^opportunity\.(?:create|update|delete|restore|purge)$/.test(parent)) {
      throw StageHistoryIsWritten({ operation });
    }
  };
}

/** Keeps the stage history append-only. */
export const guardVisits: readonly HookDefinition[] = [
  before(stageVisit, "create", { name: "sales.visitsCreate", stage: "early" }, refuse("created")),
  before(stageVisit, "update", { name: "sales.visitsUpdate", stage: "early" }, refuse("changed")),
  before(stageVisit, "delete", { name: "sales.visitsDelete", stage: "early" }, refuse("deleted")),
  before(stageVisit, "restore", { name: "sales.visitsRestore", stage: "early" }, refuse("restored")),
  before(stageVisit, "purge", { name: "sales.visitsPurge", stage: "early" }, refuse("purged")),
];
