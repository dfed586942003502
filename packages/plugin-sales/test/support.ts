import { crmCore, type Money } from "@corm/core";
import { createTestCrm, type TestCrm, type TestCrmOptions } from "@corm/core/testing";
import { type SalesOptions, sales } from "@corm/plugin-sales";

type Plugins = readonly [ReturnType<typeof crmCore>, ReturnType<typeof sales>];
export type SalesCrm = TestCrm<Plugins>;
export type Me = SalesCrm["me"];

/** A CRM of core and sales; its clock stands at 2026-01-05T09:00:00Z. */
export async function salesCrm(
  options: Partial<Omit<TestCrmOptions<Plugins>, "plugins">> = {},
  salesOptions?: SalesOptions,
): Promise<SalesCrm> {
  return createTestCrm<Plugins>({ ...options, plugins: [crmCore(), sales(salesOptions)] });
}

export const usd = (amount: string): Money => ({ amount, currency: "USD" });

/** The visits of an opportunity in order. */
export async function visitsOf(me: Me, opportunityId: string) {
  return (await me.entities.stageVisit.find({ where: { opportunityId }, orderBy: ["seq"], limit: 500 }))
    .items;
}
