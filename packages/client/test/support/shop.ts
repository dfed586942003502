import {
  account,
  contact,
  crmCore,
  defineAction,
  defineEntity,
  definePlugin,
  extendEntity,
  type Input,
  json,
  many,
  money,
  one,
  oneOf,
  type PluginFactory,
  type PluginOf,
  type Related,
  type Row,
  reference,
  Type,
  withDefault,
} from "@corm/core";

const orderDraft = defineEntity("shopOrder", {
  // Not what English rules would say: only the server knows.
  plural: "tillRolls",
  fields: {
    code: Type.String({ minLength: 1, maxLength: 40 }),
    state: withDefault(oneOf(["open", "paid", "void"]), "open"),
    pieces: Type.Optional(Type.Integer({ minimum: 0 })),
    total: Type.Optional(money()),
    extra: Type.Optional(
      json(Type.Object({ a: Type.Optional(Type.Number()), b: Type.Optional(Type.Number()) })),
    ),
    accountId: Type.Optional(reference(account, { onDelete: "set null" })),
  },
  relations: { account: one("accountId") },
  unique: [["code"]],
  searchable: ["code"],
  temporal: true,
});
export interface ShopOrder extends Row<typeof orderDraft> {}
export interface ShopOrderInput extends Input<typeof orderDraft> {}
export interface ShopOrderRelated extends Related<typeof orderDraft> {}
export const shopOrder = orderDraft.as<ShopOrder, ShopOrderInput, ShopOrderRelated>();

const customer = extendEntity(contact, { fields: { loyalty: Type.Optional(Type.Integer()) } });
const buyer = extendEntity(account, { relations: { orders: many(shopOrder, "accountId") } });

const pay = defineAction({
  name: "pay",
  on: shopOrder,
  input: Type.Object({ by: Type.String({ minLength: 1 }) }),
  output: Type.Object({ state: Type.String(), by: Type.String() }),
  run: async ({ input, record }, ctx) => {
    const { state } = await ctx.repo(shopOrder).update(record.id, { state: "paid" });
    return { state, by: input.by };
  },
});
const voidAll = defineAction({
  name: "voidAll",
  on: shopOrder,
  collection: true,
  input: Type.Object({ state: Type.Optional(Type.String()) }),
  output: Type.Object({ n: Type.Integer() }),
  run: async (_, ctx) => ({ n: await ctx.repo(shopOrder).updateWhere({ state: "open" }, { state: "void" }) }),
});
const closeTill = defineAction({
  name: "closeTill",
  input: Type.Object({ day: Type.String() }),
  output: Type.Object({ day: Type.String(), orders: Type.Integer() }),
  run: async ({ input }, ctx) => ({ day: input.day, orders: await ctx.repo(shopOrder).count() }),
});
const forget = defineAction({
  name: "forget",
  on: shopOrder,
  input: Type.Object({}),
  output: Type.Void(),
  run: async () => undefined,
});

const definition = definePlugin({
  name: "shop",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "*" },
  setup: () => ({
    entities: { shopOrder },
    extends: { contact: customer, account: buyer },
    actions: { pay, voidAll, closeTill, forget },
  }),
});
export interface ShopPlugin extends PluginOf<typeof definition> {}
export const shop: PluginFactory<ShopPlugin, Record<never, never>> = definition;

export const plugins = [crmCore(), shop()] as const;
