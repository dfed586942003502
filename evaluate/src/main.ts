import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Line, Subject } from "./subject.js";
import { subjects } from "./subjects/index.js";
import { reached, table } from "./table.js";

/** Figures of what Corm decides, on real data, beside those of others: `npm run evaluate -- name` for one subject. */
async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true });
  const only = positionals[0] ?? "";
  const root = resolve(process.env["CORM_DATA_DIR"] ?? "../shared/data");
  const lines: Line[] = [];
  const missing: string[] = [];
  for (const subject of subjects.filter(({ name }) => name.includes(only))) {
    const absent = subject.needs.filter((folder) => !existsSync(resolve(root, folder)));
    if (absent.length > 0) missing.push(`${subject.name}: no ${absent.join(", ")} in ${root}`);
    else lines.push(...(await evaluated(subject, root)));
  }
  console.log(table(lines));
  for (const line of missing) console.log(`not evaluated, ${line}`);
  if (missing.length > 0)
    console.log("The data is not part of the repository: CORM_DATA_DIR says where it is.");
  const short = lines.filter((line) => !reached(line));
  console.log(
    `${lines.length} figures, ${short.length} below their reference, ${missing.length} without data`,
  );
  process.exitCode = short.length > 0 ? 1 : 0;
}

async function evaluated(subject: Subject, root: string): Promise<readonly Line[]> {
  return subject.run((path) => readFileSync(resolve(root, path), "utf8"));
}

await main();
