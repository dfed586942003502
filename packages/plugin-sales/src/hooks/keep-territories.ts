import {
  account,
  after,
  before,
  type Context,
  type HookDefinition,
  isCormError,
  ValidationFailed,
} from "@corm/core";
import { opportunity } from "../entities/opportunity.js";
import { territory, territoryModel, territoryRule } from "../entities/territory.js";
import { TerritoryCycle } from "../errors.js";
import { refuseWritten } from "../services/protected-fields.js";
import { activeModel, choicesFor, placeAccounts } from "../territories/assign.js";
import { loadModel, territoryBooks } from "../territories/evaluate.js";

const isOwn = ({ actor }: Context): boolean =>
  actor.kind === "system" && actor.capability === "sales.territories";

/** The path of what hangs below a territory; `id` is that of the one that is to hang there, where it has one. */
async function pathBelow(ctx: Context, parentId: unknown, modelId: string, id?: string): Promise<string> {
  if (typeof parentId !== "string") return "/";
  const above = await territoryBooks(ctx).repo(territory).get(parentId);
  if (id !== undefined && (above.id === id || above.path.includes(`/${id}/`)))
    throw TerritoryCycle({ name: above.name });
  if (above.modelId !== modelId) {
    const issue = { pointer: "/parentId", code: "other-model", message: "is a territory of another model" };
    throw ValidationFailed({ entity: territory.name, issues: [issue] });
  }
  return `${above.path}${above.id}/`;
}

/** Rules are tried when they are written, as whoever writes them may see accounts. */
async function checkRule(ctx: Context, where: unknown): Promise<void> {
  if (where === undefined) return;
  try {
    await ctx.repo(account).find({ where: where as never, limit: 1 });
  } catch (error) {
    if (!isCormError(error) || error.status >= 500) throw error;
    const issue = { pointer: "/where", code: error.code, message: error.message };
    throw ValidationFailed({ entity: territoryRule.name, issues: [issue] }, { cause: error });
  }
}

/** Accounts that were made or changed are placed by the rules of the active model. */
async function replace(ctx: Context, ids: readonly string[]): Promise<void> {
  const modelId = await activeModel(ctx);
  if (modelId !== null && ids.length > 0) await placeAccounts(ctx, modelId, ids);
}

export const keepTerritories: readonly HookDefinition[] = [
  before(territoryModel, "create", { name: "sales.newModel" }, (batch, ctx) => {
    if (isOwn(ctx)) return;
    for (const { input } of batch) input.state = "planning";
  }),
  before(territoryModel, "update", { name: "sales.keepModel" }, (batch, ctx) => {
    if (!isOwn(ctx))
      refuseWritten(
        territoryModel.name,
        batch.map(({ patch }) => patch),
        ["state"],
      );
  }),
  // One by one on purpose: territories are few, and written by hand.
  before(territory, "create", { name: "sales.placeTerritory" }, async (batch, ctx) => {
    for (const { input } of batch) input.path = await pathBelow(ctx, input.parentId, input.modelId);
  }),
  before(territory, "update", { name: "sales.keepPath" }, async (batch, ctx) => {
    if (isOwn(ctx)) return;
    refuseWritten(
      territory.name,
      batch.map(({ patch }) => patch),
      ["path"],
    );
    for (const { before: old, patch } of batch)
      if (patch.parentId !== undefined)
        patch.path = await pathBelow(ctx, patch.parentId, old.modelId, old.id);
  }),
  after(territory, "update", { name: "sales.moveTerritory", stage: "early" }, async (batch, ctx) => {
    const books = territoryBooks(ctx);
    for (const { before: old, row, changed } of batch) {
      if (isOwn(ctx) || !changed.has("path")) continue;
      const [former, path] = [`${old.path}${row.id}/`, `${row.path}${row.id}/`];
      const moved = [];
      for await (const one of books
        .repo(territory)
        .stream({ where: { path: { startsWith: former } }, limit: 500 }))
        moved.push({ id: one.id, patch: { path: path + one.path.slice(former.length) } });
      await books.repo(territory).updateMany(moved);
    }
  }),
  before(territoryRule, "create", { name: "sales.checkTerritoryRule", stage: "late" }, async (batch, ctx) => {
    for (const { input } of batch) await checkRule(ctx, input.where);
  }),
  before(
    territoryRule,
    "update",
    { name: "sales.checkChangedTerritoryRule", stage: "late" },
    async (batch, ctx) => {
      for (const { patch } of batch) await checkRule(ctx, patch.where);
    },
  ),
  after(account, "create", { name: "sales.placeAccounts", stage: "late" }, (batch, ctx) =>
    replace(
      ctx,
      batch.map(({ row }) => row.id),
    ),
  ),
  after(account, "update", { name: "sales.replaceAccounts", stage: "late" }, (batch, ctx) =>
    replace(
      ctx,
      batch.map(({ row }) => row.id),
    ),
  ),
  after(opportunity, "create", { name: "sales.territoryOfNew", stage: "late" }, async (batch, ctx) => {
    const open = batch.filter(({ row }) => row.accountId !== null && row.territoryId === null);
    const modelId = open.length === 0 ? null : await activeModel(ctx);
    if (modelId === null) return;
    const model = await loadModel(ctx, modelId);
    const choices = await choicesFor(
      ctx,
      model,
      open.flatMap(({ row }) => row.accountId ?? []),
    );
    const changes = open.flatMap(({ row }) => {
      const choice = choices.get(row.accountId ?? "");
      return choice
        ? [{ id: row.id, patch: { territoryId: choice.territoryId, territoryReason: choice.reason } }]
        : [];
    });
    await territoryBooks(ctx).repo(opportunity).updateMany(changes);
  }),
  // Who names a territory himself has pinned it; naming none lets the rules decide again.
  before(opportunity, "update", { name: "sales.pinTerritory" }, (batch, ctx) => {
    if (isOwn(ctx)) return;
    for (const { patch } of batch) {
      if (patch.territoryId === undefined) continue;
      patch.territoryPinned = patch.territoryId !== null;
      patch.territoryReason = patch.territoryId === null ? null : "chosen by hand";
    }
  }),
];
