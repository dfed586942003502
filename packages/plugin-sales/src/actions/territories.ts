import { account, assertCan, type Context, defineAction, Type } from "@corm/core";
import { accountTerritory, territoryModel } from "../entities/territory.js";
import { ModelNotPlanning } from "../errors.js";
import { activeModel, placeAccounts } from "../territories/assign.js";
import { loadModel, placedByRules, territoryBooks } from "../territories/evaluate.js";

const PAGE = 500;
/** Accounts that a preview names. */
const MAX_NAMED = 200;

const placed = Type.Object({ added: Type.Integer(), removed: Type.Integer(), opportunities: Type.Integer() });

/** Who would move if the model were active. Changes nothing. `POST /api/territory-models/{id}/preview` */
export const previewTerritories = defineAction({
  name: "preview",
  on: territoryModel,
  readOnly: true,
  label: "Preview",
  description:
    "Where accounts would be under this model, and where they are under the active one. Territories of the same name are the same; 200 accounts are named, all that the caller sees are counted.",
  input: Type.Object({}),
  output: Type.Object({
    territories: Type.Array(Type.Object({ territory: Type.String(), accounts: Type.Integer() })),
    stay: Type.Integer(),
    move: Type.Integer(),
    moves: Type.Array(
      Type.Object({
        accountId: Type.String(),
        account: Type.String(),
        from: Type.Array(Type.String()),
        to: Type.Array(Type.String()),
      }),
    ),
  }),
  run: async ({ record }, ctx) => {
    const model = await loadModel(ctx, record.id);
    const nameOf = (id: string) => model.territories.get(id)?.name ?? id;
    const after = new Map<string, Set<string>>();
    const counts = new Map([...model.territories.values()].map(({ name }) => [name, 0]));
    for await (const { territoryId, accountIds } of placedByRules(ctx, model)) {
      const name = nameOf(territoryId);
      for (const id of accountIds) after.set(id, (after.get(id) ?? new Set()).add(name));
    }
    const before = await presentPlaces(ctx);
    await onlyVisible(ctx, after, before);
    for (const names of after.values())
      for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
    const moved: string[] = [];
    let stay = 0;
    for (const id of new Set([...after.keys(), ...before.keys()])) {
      if (same(after.get(id), before.get(id))) stay += 1;
      else moved.push(id);
    }
    moved.sort();
    const named = await namesOf(ctx, moved.slice(0, MAX_NAMED));
    return {
      territories: [...counts]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([territory, accounts]) => ({ territory, accounts })),
      stay,
      move: moved.length,
      moves: moved.slice(0, MAX_NAMED).map((accountId) => ({
        accountId,
        account: named.get(accountId) ?? "",
        from: [...(before.get(accountId) ?? [])].sort(),
        to: [...(after.get(accountId) ?? [])].sort(),
      })),
    };
  },
});

/** Leaves out accounts that the caller does not see: they are not counted either. A query for every 500. */
async function onlyVisible(ctx: Context, ...maps: readonly Map<string, unknown>[]): Promise<void> {
  const ids = [...new Set(maps.flatMap((map) => [...map.keys()]))];
  for (let start = 0; start < ids.length; start += PAGE) {
    const some = ids.slice(start, start + PAGE);
    const { items } = ctx.catalog.entities.has(account.name)
      ? await ctx.repo(account).find({ where: { id: { in: some } }, select: ["id"], limit: PAGE })
      : { items: [] };
    const seen = new Set(items.map(({ id }) => id));
    for (const id of some) if (!seen.has(id)) for (const map of maps) map.delete(id);
  }
}

function same(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  return (a?.size ?? 0) === (b?.size ?? 0) && [...(a ?? [])].every((name) => b?.has(name));
}

/** Names of territories of the active model, by account; what rules have placed. */
async function presentPlaces(ctx: Context): Promise<Map<string, Set<string>>> {
  const places = new Map<string, Set<string>>();
  const modelId = await activeModel(ctx);
  if (modelId === null) return places;
  const { territories } = await loadModel(ctx, modelId);
  for await (const { accountId, territoryId } of territoryBooks(ctx)
    .repo(accountTerritory)
    .stream({ where: { source: "rule", territory: { modelId } } as never, limit: PAGE }))
    places.set(
      accountId,
      (places.get(accountId) ?? new Set()).add(territories.get(territoryId)?.name ?? territoryId),
    );
  return places;
}

async function namesOf(ctx: Context, ids: readonly string[]): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  if (ids.length > 0)
    for await (const { id, name } of ctx
      .repo(account)
      .stream({ where: { id: { in: ids } }, select: ["id", "name"], limit: PAGE }))
      names.set(id, name);
  return names;
}

/** Makes the model the active one, and places everybody by it. `POST /api/territory-models/{id}/activate` */
export const activateTerritories = defineAction({
  name: "activate",
  on: territoryModel,
  label: "Activate",
  description:
    "Archives the active model, makes this one active, and places all accounts and open opportunities by it.",
  input: Type.Object({}),
  output: placed,
  run: async ({ record }, ctx) => {
    await assertCan(ctx, ["update"], territoryModel, [record.id]);
    if (record.state === "archived") throw ModelNotPlanning({ name: record.name, state: record.state });
    const models = territoryBooks(ctx).repo(territoryModel);
    const { items } = await models.find({ where: { state: "active" }, limit: PAGE });
    const others = items.filter(({ id }) => id !== record.id);
    await models.updateMany(
      others.map(({ id, version }) => ({ id, version, patch: { state: "archived" as const } })),
    );
    if (record.state !== "active") await models.update(record.id, { state: "active" });
    return placeAccounts(ctx, record.id);
  },
});
