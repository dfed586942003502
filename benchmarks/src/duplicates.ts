import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { contact, createCrm, crmCore, type DuplicateScan, duplicateScan, matchRule } from "@corm/core";
import { sqlite } from "@corm/core/knex";
import { actor, tenant } from "./app/identity.js";

const BATCH = 1_000;
/** One in twenty is there twice, with another spelling of his name. */
const TWICE = 20;
const SYLLABLES = "ba be bi da do fe gu ha ki la lo ma mi na no pa ro sa te vi".split(" ");

/** A name of its own for each number, so that keys of names are shared by chance only. */
function nameOf(n: number): string {
  let [rest, name] = [(n * 2_654_435_761) % 3_200_000, ""];
  for (let i = 0; i < 5; i++) {
    name += SYLLABLES[rest % SYLLABLES.length];
    rest = Math.floor(rest / SYLLABLES.length);
  }
  return `${name[0]?.toUpperCase()}${name.slice(1)}`;
}

function personOf(n: number): { firstName: string; lastName: string; email: string; phone: string } {
  const isTwin = n % TWICE === TWICE - 1;
  const who = isTwin ? n - 1 : n;
  return {
    firstName: isTwin ? nameOf(who).toUpperCase() : nameOf(who),
    lastName: nameOf(who + 7),
    email: `person${who}@example.com`,
    phone: isTwin ? `+4989${1_000_000 + n}` : `+4930${1_000_000 + who}`,
  };
}

/** A rule over records that are there, and a scan of them, on SQLite in a file. */
export async function measureDuplicates(count: number): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "corm-bench-duplicates-"));
  const crm = await createCrm({ storage: sqlite(join(folder, "corm.db")), plugins: [crmCore()], tenant });
  const session = crm.as({ actor, tenant, roles: ["admin"] });
  try {
    for (let start = 0; start < count; start += BATCH)
      await session
        .repo(contact)
        .createMany(Array.from({ length: Math.min(BATCH, count - start) }, (_, i) => personOf(start + i)));
    const written = process.memoryUsage().rss;
    await session.repo(matchRule).create({
      name: "one person",
      entity: "contact",
      policy: "report",
      when: {
        or: [
          { field: "email", by: "normalized" },
          { field: "phone", by: "normalized" },
          {
            and: [
              { field: "lastName", by: "normalized" },
              { field: "firstName", by: "fuzzy", score: 0.9 },
            ],
          },
        ],
      } as never,
    });
    const worker = crm.worker({ interval: 20 });
    worker.start();
    const keys = await followed(() =>
      session.repo(duplicateScan).first({ where: { purpose: "rule" }, orderBy: ["-id"] }),
    );
    const { scanId } = await session.entities.duplicateScan.start({ entity: "contact" });
    const scan = await followed(() => session.repo(duplicateScan).get(scanId));
    await worker.stop();
    const twins = Math.floor(count / TWICE);
    if (scan.row.found < twins) throw new Error(`${scan.row.found} pairs of ${twins} were found`);
    return [
      `${count.toLocaleString("en")} contacts, ${twins.toLocaleString("en")} of them twice (SQLite in a file; ${Math.round(written / 2 ** 20)} MB before)`,
      `keys of a new rule: ${keys.seconds} s, ${Math.round(count / keys.seconds).toLocaleString("en")} records a second, ${keys.peak} MB at the most`,
      `scan: ${scan.seconds} s, ${Math.round(count / scan.seconds).toLocaleString("en")} records a second, ${scan.row.found.toLocaleString("en")} pairs, ${scan.row.skippedKeys} keys passed over, ${scan.peak} MB at the most`,
    ].join("\n");
  } finally {
    await crm.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Scan = Pick<DuplicateScan, "state" | "runAt" | "finishedAt" | "found" | "skippedKeys">;

async function followed(
  look: () => Promise<Scan | null>,
): Promise<{ row: Scan; seconds: number; peak: number }> {
  let peak = 0;
  for (;;) {
    peak = Math.max(peak, process.memoryUsage().rss);
    const row = await look();
    if (row && row.state !== "waiting" && row.state !== "running") {
      if (row.state !== "finished") throw new Error(`the scan has ${row.state}`);
      const took = Date.parse(row.finishedAt as string) - Date.parse(row.runAt as string);
      return { row, seconds: Math.max(0.1, took / 1000), peak: Math.round(peak / 2 ** 20) };
    }
    await sleep(100);
  }
}
