import { type AppSession, type Crm, createCrm, crmCore, type StorageAdapter } from "@corm/core";
import { knexStorage } from "@corm/core/knex";
import { analytics } from "@corm/plugin-analytics";
import { leads } from "@corm/plugin-leads";
import { marketing } from "@corm/plugin-marketing";
import { sales } from "@corm/plugin-sales";
import { service } from "@corm/plugin-service";
import { company } from "./company.js";
import { UserError } from "./user-error.js";

/** Of the amounts in the files, which name none. */
export const CURRENCY = "USD";

const plugins = () =>
  [
    crmCore(),
    analytics(),
    leads(),
    marketing(),
    sales({
      pipeline: {
        key: "sales",
        name: "Sales",
        stages: [
          { key: "prospecting", name: "Prospecting", kind: "open", probability: 10 },
          { key: "engaging", name: "Engaging", kind: "open", probability: 50 },
          { key: "won", name: "Won", kind: "won" },
          { key: "lost", name: "Lost", kind: "lost" },
        ],
      },
    }),
    service(),
    company(),
  ] as const;

type Plugins = ReturnType<typeof plugins>;
export type QuickstartCrm = Crm<Plugins>;
export type Session = AppSession<Plugins>;

/**
 * The CRM of this example, on the given database, which is brought up to its plugins.
 *
 * @throws UserError for a URL that names no database
 */
export async function openCrm(url: string, tenant: string): Promise<QuickstartCrm> {
  return createCrm({ storage: storageAt(url), plugins: plugins(), currency: CURRENCY, tenant });
}

function storageAt(url: string): StorageAdapter {
  try {
    return knexStorage({ url });
  } catch (cause) {
    throw new UserError(`DATABASE_URL cannot be used. ${(cause as Error).message}`, { cause });
  }
}
