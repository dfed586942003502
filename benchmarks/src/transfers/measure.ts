import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePeople } from "./files.js";

/** Each with the file that it reads, and the database that it works on: some go on with what came before them. */
const TRANSFERS = [
  { task: "csv", title: "import of CSV", file: "plain", database: "csv" },
  {
    task: "duplicates",
    title: "import of CSV, duplicates skipped",
    file: "duplicates",
    database: "duplicates",
  },
  { task: "vcard in", title: "import of vCards", file: "cards", database: "cards" },
  { task: "vcard out", title: "export of vCards", file: "cards", database: "cards" },
  { task: "quality", title: "check of quality, one finding each", file: "cards", database: "cards" },
] as const;

interface Measured {
  readonly records: number;
  readonly cpuSeconds: number;
  readonly seconds: number;
  readonly peak: number;
}

/**
 * Imports, exports and checks of so many contacts, each in a process of its own, on SQLite in a file with normalization and
 * journal: records a second, and the most memory that the process had.
 */
export async function measureTransfers(
  count: number,
  wanted: (title: string) => boolean,
): Promise<string | undefined> {
  // The cards that are imported are those that are exported and checked.
  const asked = new Set(TRANSFERS.filter(({ title }) => wanted(title)).map(({ database }) => database));
  if (asked.size === 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "corm-bench-transfers-"));
  const lines = [`${count.toLocaleString("en")} contacts (SQLite in a file, each in a process of its own)`];
  try {
    for (const { task, title, file, database } of TRANSFERS) {
      if (!asked.has(database)) continue;
      process.stderr.write(`transfers: ${task}\n`);
      const path = join(folder, file);
      if (!existsSync(path)) await writePeople(path, file, count);
      const program = join(import.meta.dirname, "transfer.js");
      const args = ["--enable-source-maps", program, task, join(folder, `${database}.db`), path];
      const run = spawnSync(process.execPath, args, { encoding: "utf8" });
      if (run.status !== 0) throw new Error(`The transfer "${task}" failed:\n${run.stderr}`);
      const { records, cpuSeconds, seconds, peak } = JSON.parse(run.stdout) as Measured;
      if (records !== count) throw new Error(`The transfer "${task}" took ${records} of ${count}.`);
      const [perCpu, perSecond] = [cpuSeconds, seconds].map((each) =>
        Math.round(count / each).toLocaleString("en"),
      );
      const most = Math.round(peak / 2 ** 20);
      lines.push(
        `${title}: ${perCpu} a second of CPU (${perSecond} as the clock goes), ${most} MB at the most`,
      );
    }
    return lines.join("\n");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
