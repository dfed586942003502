import {
  account,
  before,
  contact,
  date,
  defineEntity,
  definePersonalData,
  definePlugin,
  each,
  extendEntity,
  type Input,
  money,
  one,
  oneOf,
  type PluginFactory,
  type PluginOf,
  type Row,
  reference,
  Type,
} from "@corm/core";

const draft = defineEntity("deal", {
  fields: {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    stage: oneOf(["open", "won", "lost"]),
    amount: money(),
    closeDate: date(),
    accountId: reference(account),
    contactId: Type.Optional(reference(contact, { onDelete: "set null" })),
  },
  relations: { account: one("accountId"), contact: one("contactId") },
  indexes: [["stage", "closeDate"]],
});

export interface Deal extends Row<typeof draft> {}
export interface DealInput extends Input<typeof draft> {}
export const deal = draft.as<Deal, DealInput>();

/** A contact as this app has it: what a plugin adds costs the same as what core has. */
export const customer = extendEntity(contact, {
  fields: { status: Type.Optional(oneOf(["prospect", "customer", "former"])) },
  indexes: [["status", "lastName"]],
});

const lower = (value: { email?: string | null | undefined }): void => {
  if (typeof value.email === "string") value.email = value.email.toLowerCase();
};

const plugin = definePlugin({
  name: "deals",
  version: "0.1.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    entities: { deal },
    privacy: [definePersonalData(deal, { by: ["contactId"], erase: "anonymise", keep: ["closeDate"] })],
    extends: { contact: customer },
    hooks: [
      before(
        customer,
        "create",
        { name: "deals.email" },
        each(({ input }) => lower(input)),
      ),
      before(
        customer,
        "update",
        { name: "deals.email-change" },
        each(({ patch }) => lower(patch)),
      ),
    ],
  }),
});

export interface DealsPlugin extends PluginOf<typeof plugin> {}
/** A small plugin as an app would write it: an entity, an extension, two hooks. */
export const deals: PluginFactory<DealsPlugin, Record<never, never>> = plugin;
