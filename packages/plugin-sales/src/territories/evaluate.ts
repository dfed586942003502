import { account, type Context } from "@corm/core";
import { type Territory, territory, territoryRule } from "../entities/territory.js";
import { TerritoriesTooMany } from "../errors.js";

/** Territories of a model. */
export const MAX_TERRITORIES = 1000;
const PAGE = 500;

/** A model with its territories, and the condition of each that has rules. */
export interface ModelRules {
  readonly territories: ReadonlyMap<string, Territory>;
  /** By territory, from the rules of its own and those above. */
  readonly conditions: ReadonlyMap<string, object>;
}

export const territoryBooks = (ctx: Context): Context =>
  ctx.asSystem({ capability: "sales.territories", reason: "keep territories" });

/** In two queries and their pages. @throws territories-too-many */
export async function loadModel(ctx: Context, modelId: string): Promise<ModelRules> {
  const books = territoryBooks(ctx);
  const territories = new Map<string, Territory>();
  for await (const one of books
    .repo(territory)
    .stream({ where: { modelId }, orderBy: ["id"], limit: PAGE })) {
    territories.set(one.id, one);
    if (territories.size > MAX_TERRITORIES) throw TerritoriesTooMany({ limit: MAX_TERRITORIES });
  }
  const own = new Map<string, object[]>();
  for await (const { territoryId, where } of books
    .repo(territoryRule)
    .stream({ where: { territory: { modelId } } as never, orderBy: ["id"], limit: PAGE }))
    own.set(territoryId, [...(own.get(territoryId) ?? []), where]);
  const conditions = new Map<string, object>();
  for (const one of territories.values()) {
    if (!own.has(one.id)) continue;
    const chain = [...one.path.split("/").filter(Boolean), one.id];
    const parts = chain.flatMap((id) => {
      const rules = own.get(id);
      return rules ? [rules.length === 1 ? (rules[0] as object) : { or: rules }] : [];
    });
    conditions.set(one.id, { and: parts });
  }
  return { territories, conditions };
}

/** Accounts by territory, as the rules place them: a query and its pages for every territory with rules. */
export async function* placedByRules(
  ctx: Context,
  { conditions }: ModelRules,
  accountIds?: readonly string[],
): AsyncGenerator<{ readonly territoryId: string; readonly accountIds: readonly string[] }> {
  const accounts = territoryBooks(ctx).repo(account);
  for (const [territoryId, condition] of conditions) {
    const where = accountIds === undefined ? condition : { and: [{ id: { in: accountIds } }, condition] };
    let after: string | null = null;
    do {
      const page: { items: { id: string }[]; next: string | null } = await accounts.find({
        where: where as never,
        select: ["id"],
        orderBy: ["id"],
        limit: PAGE,
        after,
      });
      if (page.items.length > 0) yield { territoryId, accountIds: page.items.map(({ id }) => id) };
      after = page.next;
    } while (after !== null);
  }
}
