import {
  account,
  defineEntity,
  extendEntity,
  filledByHook,
  type Input,
  json,
  many,
  one,
  oneOf,
  type Row,
  reference,
  Type,
  user,
  withDefault,
} from "@corm/core";

const name = Type.String({ minLength: 1, maxLength: 100 });

const modelDraft = defineEntity("territoryModel", {
  fields: {
    name,
    /** One is active at a time. `activate` makes it so. */
    state: withDefault(oneOf(["planning", "active", "archived"]), "planning"),
  },
  unique: [["name"]],
  indexes: [["state"]],
});

export interface TerritoryModel extends Row<typeof modelDraft> {}
export interface TerritoryModelInput extends Input<typeof modelDraft> {}
/** A way to divide the customers. */
export const territoryModel = modelDraft.as<TerritoryModel, TerritoryModelInput>();

const draft = defineEntity("territory", {
  fields: {
    modelId: reference(territoryModel, { onDelete: "cascade" }),
    parentId: Type.Optional(reference("territory", { onDelete: "restrict" })),
    name,
    /** Ids of those above, from the top down: `/a/b/`, and `/` for a top. What is below contains the id of this one. */
    path: filledByHook(Type.String({ maxLength: 800 })),
    /** Of several that an opportunity could be in, the lowest counts; then the deeper one. */
    priority: withDefault(Type.Integer({ minimum: 0, maximum: 1_000_000 }), 100),
    managerId: Type.Optional(reference(user, { onDelete: "set null" })),
  },
  relations: { model: one("modelId"), parent: one("parentId"), manager: one("managerId") },
  access: { owner: "managerId" },
  unique: [["modelId", "name"]],
  indexes: [["parentId"]],
  immutable: ["modelId"],
  searchable: ["name"],
});

export interface Territory extends Row<typeof draft> {}
export interface TerritoryInput extends Input<typeof draft> {}
/** A part of the customers, such as a region or an industry. */
export const territory = draft.as<Territory, TerritoryInput>();

const ruleDraft = defineEntity("territoryRule", {
  fields: {
    territoryId: reference(territory, { onDelete: "cascade" }),
    name,
    /** Accounts, in the filter language. An account belongs where one rule of the territory holds, and one of each territory above that has rules. */
    where: json(Type.Record(Type.String(), Type.Unknown())),
  },
  relations: { territory: one("territoryId") },
  access: { parents: ["territory"] },
  unique: [["territoryId", "name"]],
});

export interface TerritoryRule extends Row<typeof ruleDraft> {}
export interface TerritoryRuleInput extends Input<typeof ruleDraft> {}
/** Which accounts belong to a territory. */
export const territoryRule = ruleDraft.as<TerritoryRule, TerritoryRuleInput>();

const placeDraft = defineEntity("accountTerritory", {
  fields: {
    accountId: reference(account, { onDelete: "cascade" }),
    territoryId: reference(territory, { onDelete: "cascade" }),
    /** `manual` stays, whatever the rules say. */
    source: withDefault(oneOf(["rule", "manual"]), "manual"),
  },
  relations: { account: one("accountId"), territory: one("territoryId") },
  access: { parents: ["account"] },
  unique: [["accountId", "territoryId"]],
  indexes: [["territoryId"]],
  immutable: ["accountId", "territoryId"],
});

export interface AccountTerritory extends Row<typeof placeDraft> {}
export interface AccountTerritoryInput extends Input<typeof placeDraft> {}
/** An account in a territory. It may be in many. */
export const accountTerritory = placeDraft.as<AccountTerritory, AccountTerritoryInput>();

export const territoryWithRules = extendEntity(territory, {
  relations: { rules: many(territoryRule, "territoryId"), places: many(accountTerritory, "territoryId") },
});
