import { createCrm, crmCore } from "@corm/core";
import { leads } from "@corm/plugin-leads";
import { assign, workflow } from "@corm/plugin-workflow";
import { storageAt } from "../../core/test/support/databases.js";

/** A process that gives out all leads, a few at a time, beginning somewhere else than the others. */
const { url, ids, start, chunk } = JSON.parse(process.argv[2] as string) as {
  url: string;
  ids: string[];
  start: number;
  chunk: number;
};
const crm = await createCrm({
  storage: storageAt(url),
  plugins: [crmCore(), leads(), workflow()],
  tenant: "test",
  encryption: { keys: { test: "qH3v0Zk1nV9c2Jx7Lw5sT8yUbR4eGdMfPaXoKiNzQ6E=" } },
});
const me = crm.as({ actor: { kind: "user", id: `process ${start}` }, tenant: "test", roles: ["admin"] });
const turned = [...ids.slice(start), ...ids.slice(0, start)];
let assigned = 0;
for (let at = 0; at < turned.length; at += chunk) {
  const { decisions } = await me.run(assign, { target: "lead", ids: turned.slice(at, at + chunk) });
  assigned += decisions.filter(({ outcome }) => outcome === "assigned").length;
}
process.stdout.write(`${assigned}\n`);
await crm.stop();
