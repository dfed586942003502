import type { Context } from "@corm/core";
import { type Opportunity, opportunity } from "../entities/opportunity.js";
import { accountTerritory, territoryModel } from "../entities/territory.js";
import { type Choice, chooseTerritory, type Place } from "./choose.js";
import { loadModel, type ModelRules, placedByRules, territoryBooks } from "./evaluate.js";

const PAGE = 500;

export interface Placed {
  readonly added: number;
  readonly removed: number;
  readonly opportunities: number;
}

/** The active model, or null where there is none. */
export async function activeModel(ctx: Context): Promise<string | null> {
  const found = await territoryBooks(ctx)
    .repo(territoryModel)
    .first({ where: { state: "active" }, orderBy: ["id"], select: ["id"] });
  return found?.id ?? null;
}

/**
 * Places accounts, all or some, by the rules of the active model, and gives their open opportunities a territory. What was placed by
 * hand stays. In the caller's transaction.
 */
export async function placeAccounts(
  ctx: Context,
  modelId: string,
  accountIds?: readonly string[],
): Promise<Placed> {
  const model = await loadModel(ctx, modelId);
  const books = territoryBooks(ctx);
  const places = books.repo(accountTerritory);
  const wanted = new Map<string, Set<string>>();
  for await (const { territoryId, accountIds: ids } of placedByRules(ctx, model, accountIds)) {
    const set = wanted.get(territoryId) ?? new Set<string>();
    for (const id of ids) set.add(id);
    wanted.set(territoryId, set);
  }
  const gone: string[] = [];
  let added = 0;
  const touched = new Set<string>();
  const narrowed = accountIds === undefined ? {} : { accountId: { in: accountIds } };
  // Of every model: what an archived one said holds no more.
  for await (const { id, accountId, territoryId, source } of places.stream({
    where: narrowed,
    limit: PAGE,
  })) {
    const set = wanted.get(territoryId);
    if (set?.delete(accountId) || (source === "manual" && model.territories.has(territoryId))) continue;
    if (source === "manual") continue;
    gone.push(id);
    touched.add(accountId);
  }
  for (let start = 0; start < gone.length; start += PAGE)
    await places.purgeMany(gone.slice(start, start + PAGE));
  for (const [territoryId, set] of wanted) {
    const ids = [...set];
    for (let start = 0; start < ids.length; start += PAGE)
      await places.createMany(
        ids
          .slice(start, start + PAGE)
          .map((accountId) => ({ accountId, territoryId, source: "rule" as const })),
      );
    added += ids.length;
    for (const id of ids) touched.add(id);
  }
  const opportunities = await placeOpportunities(ctx, model, accountIds);
  return { added, removed: gone.length, opportunities };
}

/** Gives open opportunities the territory of their account, but for those that are pinned. Answers how many have moved. */
async function placeOpportunities(
  ctx: Context,
  model: ModelRules,
  accountIds?: readonly string[],
): Promise<number> {
  const books = territoryBooks(ctx);
  const where = {
    status: "open",
    territoryPinned: false,
    accountId: accountIds === undefined ? { isNull: false } : { in: accountIds },
  };
  let moved = 0;
  let after: string | null = null;
  do {
    const page: { items: Opportunity[]; next: string | null } = await books
      .repo(opportunity)
      .find({ where: where as never, orderBy: ["id"], limit: PAGE, after });
    const choices = await choicesFor(
      ctx,
      model,
      page.items.flatMap(({ accountId }) => accountId ?? []),
    );
    const changes = page.items.flatMap((one) => {
      const choice = choices.get(one.accountId ?? "") ?? null;
      if ((choice?.territoryId ?? null) === one.territoryId) return [];
      const patch = { territoryId: choice?.territoryId ?? null, territoryReason: choice?.reason ?? null };
      return [{ id: one.id, version: one.version, patch }];
    });
    await books.repo(opportunity).updateMany(changes);
    moved += changes.length;
    after = page.next;
  } while (after !== null);
  return moved;
}

/** The territory of each account's opportunities, in one query and its pages. */
export async function choicesFor(
  ctx: Context,
  model: ModelRules,
  accountIds: readonly string[],
): Promise<Map<string, Choice>> {
  const places = new Map<string, Place[]>();
  const ids = [...new Set(accountIds)];
  if (ids.length > 0)
    for await (const { accountId, territoryId, source } of territoryBooks(ctx)
      .repo(accountTerritory)
      .stream({ where: { accountId: { in: ids } }, orderBy: ["id"], limit: PAGE })) {
      const territory = model.territories.get(territoryId);
      if (territory) places.set(accountId, [...(places.get(accountId) ?? []), { territory, source }]);
    }
  const choices = new Map<string, Choice>();
  for (const [id, list] of places) {
    const choice = chooseTerritory(list);
    if (choice) choices.set(id, choice);
  }
  return choices;
}
