import type { CrmCorePlugin, Plugin } from "@corm/core";
import { type Crm, createCrm, crmCore, type StorageAdapter } from "@corm/core";
import { type DealsPlugin, deals } from "./deals.js";
import { tenant } from "./identity.js";

export type BenchCrm = Crm<readonly [Plugin<CrmCorePlugin>, Plugin<DealsPlugin>]>;

/** The app that is measured, in its normal configuration. */
export async function startCrm(storage: StorageAdapter): Promise<BenchCrm> {
  return createCrm({ storage, plugins: [crmCore(), deals()], tenant, currency: "EUR" });
}
