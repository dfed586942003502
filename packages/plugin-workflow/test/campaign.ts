import { type Clock, createCrm, crmCore } from "@corm/core";
import { leads } from "@corm/plugin-leads";
import { workflow } from "@corm/plugin-workflow";
import { storageAt } from "../../core/test/support/databases.js";

export interface CampaignOptions {
  readonly url: string;
  /** Epoch milliseconds on the wall when the simulated year begins. */
  readonly began: number;
  /** Milliseconds on the wall that a simulated day takes. */
  readonly day: number;
}

export const YEAR = Date.UTC(2026, 0, 5);

/** A year that passes in a while, the same in all processes. Leases go by the time on the wall. */
export function hurriedClock({ began, day }: CampaignOptions): Clock {
  return {
    now: () => YEAR + Math.floor(Math.max(0, Date.now() - began) * (86_400_000 / day)),
    elapsed: () => performance.now(),
  };
}

export function campaignCrm(options: CampaignOptions) {
  return createCrm({
    storage: storageAt(options.url),
    plugins: [crmCore(), leads(), workflow({ runsPerHour: 1_000_000, keepRunsDays: 36_500 })],
    tenant: "test",
    secret: "a secret of tests, forty characters long",
    encryption: { keys: { test: "qH3v0Zk1nV9c2Jx7Lw5sT8yUbR4eGdMfPaXoKiNzQ6E=" } },
    clock: hurriedClock(options),
  });
}
