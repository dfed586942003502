import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "csv-parse/sync";
import { openCrm } from "../src/crm.js";
import { findFolder } from "../src/data/folder.js";
import { importFolder, openTables } from "../src/import/import-folder.js";
import { RejectedRows } from "../src/import/rejected-rows.js";
import { figuresOf } from "../src/report/figures.js";
import { run } from "../src/run.js";

const MAIN = resolve(fileURLToPath(import.meta.url), "../../src/main.ts");

/** A folder that goes when the test is over. */
export async function temporaryFolder(files: Readonly<Record<string, string>> = {}) {
  const path = await mkdtemp(join(tmpdir(), "corm-quickstart-"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Imports a folder within this process, and answers what the report would say. */
export async function importWithin(path: string, url = "sqlite::memory:") {
  const folder = await findFolder(path);
  const tables = await openTables(folder);
  await using output = await temporaryFolder();
  const crm = await openCrm(url, folder.tenant);
  try {
    const session = crm.system({ tenant: folder.tenant, reason: "a test" });
    const rejected = await RejectedRows.open(join(output.path, "rejected.csv"));
    const imported = await importFolder(session, tables, rejected, () => {});
    const list = await rejected.close();
    const [, ...lines] = list === null ? [] : (parse(await readFile(list)) as string[][]);
    const all = lines.map(([file = "", line, column, reason = ""]) => {
      return { file, line: Number(line), column: column || null, reason };
    });
    const figures = figuresOf(await session.entities.opportunity.salesReport(), imported);
    const visits = await session.entities.stageVisit.count();
    return { imported, figures, all, visits };
  } finally {
    await crm.stop();
  }
}

/** A run within this process, with what it has written so far. */
export function runWithin(
  output: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  const text = { out: "", err: "" };
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const ended = run(args, {
    env: { DATABASE_URL: `sqlite:${join(output, "corm.db")}`, ...env },
    output,
    out: (more) => {
      text.out += more;
    },
    err: (more) => {
      text.err += more;
    },
    untilStopped: () => stopped,
  });
  return { text, ended, stop };
}

export interface Process {
  readonly child: ChildProcess;
  readonly text: { out: string; err: string };
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Starts the quickstart as a process of its own, as `npm start` does. */
export function start(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Process {
  const { DATABASE_URL, CORM_API_KEY, CORM_DATA_DIR, PORT, ...rest } = process.env;
  const tsx = import.meta.resolve("tsx");
  const child = spawn(process.execPath, ["--conditions=@corm/source", "--import", tsx, MAIN, ...args], {
    cwd,
    env: { ...rest, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (more) => {
    text.out += more;
  });
  child.stderr.setEncoding("utf8").on("data", (more) => {
    text.err += more;
  });
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) => {
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  return { child, text, ended };
}

/** Waits until the words are written. @throws where the run ends without them */
export async function seen(
  { text, ended }: Pick<Process, "text"> & { readonly ended: Promise<unknown> },
  words: string,
): Promise<void> {
  let over = false;
  void ended.then(() => {
    over = true;
  });
  const written = () => text.out.includes(words) || text.err.includes(words);
  while (!written() && !over) await new Promise((resolve) => setTimeout(resolve, 5));
  if (!written()) throw new Error(`ended without "${words}":\n${text.out}\n${text.err}`);
}
