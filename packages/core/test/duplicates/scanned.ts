import { type Crm, createCrm, crmCore, type StorageAdapter } from "@corm/core";

const plugins = [crmCore()] as const;

export const openScanned = (storage: StorageAdapter): Promise<Crm<typeof plugins>> =>
  createCrm({
    storage,
    plugins,
    tenant: "t",
    secret: "a secret of forty characters, for tests.",
  });
