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

/** The tenants that there are, and those that a kept head says were there. */
async function* alsoOf(kept: readonly AuditHead[], call: DatabaseCall): AsyncGenerator<string> {
  const gone = new Set(call.options["tenant"] === undefined ? kept.map((one) => one.tenant) : []);
  for await (const name of named(call)) {
    gone.delete(name);
    yield name;
  }
  yield* gone;
}

export const auditVerify = onDatabase({
  name: "audit verify",
  summary: "Walk the audit trail and find the first place where it was tampered with.",
  options: { tenant, head: "File with heads that `corm audit head` gave before, one a line." },
  async run(call, output) {
    const kept = call.options["head"] === undefined ? [] : readHeads(call.options["head"]);
    if (typeof kept === "string") {
      output.error(kept);
      return 2;
    }
    let sound = true;
    for await (const name of alsoOf(kept, call)) {
      const heads = kept.filter((one) => one.tenant === name);
      const report = await verifyAudit(call.crm, { tenant: name, heads });
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

/** The heads of a file; a text says which line is none. */
function readHeads(file: string): AuditHead[] | string {
  const heads: AuditHead[] = [];
  for (const [at, line] of readFileSync(file, "utf8").split("\n").entries()) {
    if (line.trim() === "") continue;
    const head = headOf(line);
    if (!head) return `${file}: line ${at + 1} is no head that "corm audit head" has printed`;
    heads.push(head);
  }
  return heads;
}

function headOf(line: string): AuditHead | undefined {
  try {
    const { tenant: name, position, hash, signature } = JSON.parse(line) as AuditHead;
    const texts = [name, hash, signature].every((text) => typeof text === "string");
    return texts && Number.isSafeInteger(position) ? { tenant: name, position, hash, signature } : undefined;
  } catch {
    return undefined;
  }
}
