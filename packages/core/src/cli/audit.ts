import { readFileSync } from "node:fs";
import { type AuditHead, auditHead } from "../journal/head.js";
import { tenantsOf } from "../journal/tenants.js";
import { verifyAudit } from "../journal/verify.js";
import { type DatabaseCall, onDatabase } from "./on-database.js";

const tenant = "Of one tenant only; default: all, one after another.";

async function* named({ crm, options }: DatabaseCall): AsyncGenerator<string> {
  if (options["tenant"] !== undefined) yield options["tenant"];
  else yield* tenantsOf(crm.runtime.storage);
}

export const auditVerify = onDatabase({
  name: "audit verify",
  summary: "Walk the audit trail and find the first place where it was tampered with.",
  options: { tenant, head: "File with a head that `corm audit head` gave before." },
  async run(call, output) {
    const kept = call.options["head"] === undefined ? [] : readHeads(call.options["head"]);
    let sound = true;
    for await (const name of named(call)) {
      const head = kept.find((one) => one.tenant === name);
      const report = await verifyAudit(call.crm, { tenant: name, ...(head ? { head } : {}) });
      const { broken, entries, erased } = report;
      if (broken) {
        sound = false;
        output.error(`${name}: broken at position ${broken.position}: ${broken.problem}`);
      } else {
        const note = erased > 0 ? `, ${erased} with erased values` : "";
        output.out(`${name}: ${entries} entries${note}, head ${report.head.hash}`);
      }
    }
    return sound ? 0 : 1;
  },
});

export const auditHeads = onDatabase({
  name: "audit head",
  summary: "Print the signed end of the audit trail, one line of JSON per tenant. Keep it elsewhere.",
  options: { tenant },
  async run(call, output) {
    for await (const name of named(call)) output.out(JSON.stringify(await auditHead(call.crm, name)));
    return 0;
  },
});

function readHeads(file: string): AuditHead[] {
  const lines = readFileSync(file, "utf8").split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as AuditHead);
}
