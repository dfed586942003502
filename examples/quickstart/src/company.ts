import {
  account,
  before,
  definePlugin,
  each,
  extendEntity,
  money,
  oneOf,
  type PluginFactory,
  type PluginOf,
  Type,
} from "@corm/core";

/** What this company wants to know of its accounts, beside what Corm brings. */
export const companyAccount = extendEntity(account, {
  fields: {
    yearEstablished: Type.Optional(Type.Integer({ minimum: 1000, maximum: 2999 })),
    annualRevenue: Type.Optional(money()),
    /** By number of employees. */
    segment: Type.Optional(oneOf(["small", "medium", "large"])),
  },
  indexes: [["segment"]],
});

function segmentOf(employees: number): "small" | "medium" | "large" {
  return employees < 500 ? "small" : employees < 5000 ? "medium" : "large";
}

const plugin = definePlugin({
  name: "company",
  version: "1.0.0",
  corm: "^0.1",
  requires: { crm: "^0.1" },
  setup: () => ({
    extends: { account: companyAccount },
    hooks: [
      before(
        companyAccount,
        "create",
        { name: "company.segment" },
        each(({ input }) => {
          if (input.employees != null) input.segment ??= segmentOf(input.employees);
        }),
      ),
      before(
        companyAccount,
        "update",
        { name: "company.resegment" },
        each(({ before, patch }) => {
          if (patch.employees != null && patch.employees !== before.employees) {
            patch.segment ??= segmentOf(patch.employees);
          }
        }),
      ),
    ],
  }),
});

export interface CompanyPlugin extends PluginOf<typeof plugin> {}

/** The plugin of the company that runs this CRM: its own fields, its own rule. */
export const company: PluginFactory<CompanyPlugin, Record<never, never>> = plugin;
