import { createCrm, crmCore } from "@corm/core";
import { leads } from "@corm/plugin-leads";
import { workflow } from "@corm/plugin-workflow";
import { storageAt } from "../../core/test/support/databases.js";
import { hurriedClock } from "./campaign.js";

export interface SenderOptions {
  readonly url: string;
  readonly began: number;
  readonly day: number;
  readonly allow: readonly string[];
}

/** An app that sends to receivers on this machine, and gives an endpoint up after an hour of its hurried clock. */
export function senderCrm(options: SenderOptions) {
  return createCrm({
    storage: storageAt(options.url),
    plugins: [
      crmCore(),
      leads(),
      workflow({ net: { allow: [...options.allow] }, disableAfterHours: 1, runsPerHour: 1_000_000 }),
    ],
    tenant: "test",
    secret: "a secret of tests, forty characters long",
    encryption: { keys: { test: "qH3v0Zk1nV9c2Jx7Lw5sT8yUbR4eGdMfPaXoKiNzQ6E=" } },
    clock: hurriedClock(options),
  });
}
