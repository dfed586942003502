import { createReadStream, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import {
  createCrm,
  crmCore,
  exportRecords,
  type ImportFileOptions,
  importFile,
  matchRule,
  qualityCheck,
  qualityRule,
} from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { actor, tenant } from "../app/identity.js";

/** One transfer in a process of its own, so that its memory is its own: `transfer.js task database file`. */
const [task = "", path = "", file = ""] = process.argv.slice(2);
const crm = await createCrm({ storage: sqlite(path), plugins: [crmCore()], tenant });
const me = crm.as({ actor, tenant, roles: ["admin"] });
const contacts = { name: "contact" };

async function imported(options: ImportFileOptions): Promise<number> {
  const bytes = createReadStream(file);
  const status = await importFile(me, contacts, bytes, options, { size: statSync(file).size });
  if (status.rejected > 0) throw new Error(`${status.rejected} of ${status.done} rows were rejected`);
  return status.done;
}

async function checked(): Promise<number> {
  const rules = me.repo(qualityRule);
  await rules.create({ name: "format", entity: "contact", kind: "invalid", fields: ["email", "phone"] });
  await rules.create({ name: "no account", entity: "contact", kind: "incomplete", fields: ["accountId"] });
  const { checkId } = await me.entities.qualityCheck.start({ entity: "contact" });
  const worker = crm.worker({ interval: 20 });
  worker.start();
  for (;;) {
    const check = await me.repo(qualityCheck).get(checkId);
    if (check.state !== "waiting" && check.state !== "running") {
      await worker.stop();
      if (check.state !== "finished") throw new Error(`the check has ${check.state}: ${check.problem}`);
      return check.done;
    }
    await sleep(50);
  }
}

const TASKS: Readonly<Record<string, () => Promise<number>>> = {
  csv: () => imported({ format: "csv" }),
  async duplicates() {
    await me.repo(matchRule).create({
      name: "one person",
      entity: "contact",
      when: {
        or: [
          { field: "email", by: "normalized" },
          { field: "phone", by: "normalized" },
        ],
      },
    });
    return imported({ format: "csv", duplicates: "skip" });
  },
  "vcard in": () => imported({ format: "vcard" }),
  async "vcard out"() {
    let cards = 0;
    for await (const chunk of exportRecords(me, contacts, {}, { format: "vcard" }))
      cards += chunk.split("BEGIN:VCARD").length - 1;
    return cards;
  },
  quality: checked,
};

const run = TASKS[task];
if (!run) throw new Error(`There is no transfer "${task}".`);
const before = process.cpuUsage();
const began = performance.now();
const records = await run();
const { user, system } = process.cpuUsage(before);
console.log(
  JSON.stringify({
    records,
    cpuSeconds: (user + system) / 1e6,
    seconds: (performance.now() - began) / 1e3,
    // Kilobytes.
    peak: process.resourceUsage().maxRSS * 1024,
  }),
);
await crm.stop();
