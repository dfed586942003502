import { crmCore, type StorageAdapter } from "@corm/core";
import { createTestCrm } from "@corm/core/testing";
import { analytics } from "@corm/plugin-analytics";
import { leads } from "@corm/plugin-leads";
import { marketing } from "@corm/plugin-marketing";
import { sales } from "@corm/plugin-sales";
import { service } from "@corm/plugin-service";
import { workflow } from "@corm/plugin-workflow";

const plugins = () => [crmCore(), analytics(), leads(), marketing(), sales(), service(), workflow()] as const;

/** An app with every plugin there is. */
export const openEverything = (storage: StorageAdapter) =>
  createTestCrm({ storage, plugins: plugins(), currency: "EUR" });

export type AnySession = Awaited<ReturnType<typeof openEverything>>["me"];
