import { account, type Context, type Territories } from "@corm/core";
import { opportunity } from "../entities/opportunity.js";
import { activeModel, choicesFor } from "./assign.js";
import { loadModel, type ModelRules, territoryBooks } from "./evaluate.js";

const PAGE = 500;

/**
 * Who manages the territory of each record: of an opportunity its own, of an account and of whatever refers to one by
 * `accountId` the one that an opportunity of that account would be in. A territory without a manager is looked after by that
 * of the next one above. Reckoned with the rights of the plugin: whoever gives work out need not see territories.
 */
export function territoriesOf(ctx: Context): Territories {
  return {
    async usersOf(target, recordIds) {
      const books = territoryBooks(ctx);
      const modelId = await activeModel(ctx);
      const ids = [...new Set(recordIds)];
      if (modelId === null || ids.length === 0) return new Map();
      const model = await loadModel(ctx, modelId);
      const placed = await placesOf(books, target, ids);
      const accountIds = [...placed.values()].flatMap(({ accountId }) => accountId ?? []);
      const choices = await choicesFor(ctx, model, accountIds);
      return new Map(
        ids.map((id) => {
          const place = placed.get(id);
          const territoryId = place?.territoryId ?? choices.get(place?.accountId ?? "")?.territoryId;
          const userId = territoryId === undefined ? undefined : managerOf(model, territoryId);
          return [id, userId === undefined ? [] : [userId]];
        }),
      );
    },
  };
}

interface Belonging {
  readonly territoryId: string | null;
  readonly accountId: string | null;
}

/** The account, or the territory itself, of each record; of an entity that has neither, nothing. */
async function placesOf(
  books: Context,
  target: string,
  ids: readonly string[],
): Promise<Map<string, Belonging>> {
  const places = new Map<string, Belonging>();
  if (target === account.name) {
    for (const id of ids) places.set(id, { territoryId: null, accountId: id });
    return places;
  }
  const entity = books.catalog.entities.get(target);
  if (entity?.fields.get("accountId")?.target !== account.name) return places;
  const own = target === opportunity.name;
  for (let start = 0; start < ids.length; start += PAGE) {
    const { items } = await books.repo(entity.handle).find({
      where: { id: { in: ids.slice(start, start + PAGE) } } as never,
      select: own ? ["id", "accountId", "territoryId"] : ["id", "accountId"],
      limit: PAGE,
    });
    for (const row of items as unknown as readonly (Belonging & { readonly id: string })[])
      places.set(row.id, { territoryId: own ? row.territoryId : null, accountId: row.accountId });
  }
  return places;
}

/** Who manages a territory, or the nearest one above it. */
function managerOf({ territories }: ModelRules, id: string): string | undefined {
  const above = territories.get(id)?.path.split("/").filter(Boolean).reverse() ?? [];
  for (const one of [id, ...above]) {
    const managerId = territories.get(one)?.managerId;
    if (managerId) return managerId;
  }
  return undefined;
}
