import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isCormError } from "@corm/core";
import { openCrm, type QuickstartCrm } from "./crm.js";
import { countLines } from "./data/csv.js";
import { type DataFolder, FILES, findFolder } from "./data/folder.js";
import { importFolder, openTables, type Tables } from "./import/import-folder.js";
import { RejectedRows } from "./import/rejected-rows.js";
import { canShowProgress, showProgress } from "./progress.js";
import { dashboardPage } from "./report/dashboard.js";
import { figuresOf } from "./report/figures.js";
import { compareWithReference } from "./report/reference.js";
import { comparisonText, figuresText, importText, rejectedText } from "./report/text.js";
import { ensureApiKey, serveHttp, serveText } from "./serve.js";
import { HELP, readSettings, type Settings } from "./settings.js";
import { UserError } from "./user-error.js";

/** Where a run stands: what it reads and where it writes. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Folder for the files that a run leaves. */
  readonly output: string;
  /** Standard output and standard error. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Settles when the process is asked to end. Called when there is something to stop in good order. */
  readonly untilStopped: () => Promise<void>;
}

interface Job extends Surroundings {
  readonly settings: Settings;
  readonly folder: DataFolder;
  /** For people. With `--json`, standard output belongs to the report alone. */
  readonly say: (text: string) => void;
}

/** Imports, reports and serves. Answers the exit code: 0, or 1 with a message on standard error. */
export async function run(args: readonly string[], around: Surroundings): Promise<number> {
  try {
    await work(args, around);
    return 0;
  } catch (error) {
    const forPeople = error instanceof UserError || isCormError(error);
    around.err(`${forPeople ? error.message : error instanceof Error ? error.stack : error}\n`);
    return 1;
  }
}

async function work(args: readonly string[], around: Surroundings): Promise<void> {
  const settings = readSettings(args, around.env);
  if (settings.help) {
    around.out(`${HELP}\n`);
    return;
  }
  const say = (text: string) => (settings.json ? around.err : around.out)(`${text}\n`);
  const folder = await findFolder(settings.dataDir);
  const tables = await openTables(folder);
  const job: Job = { ...around, settings, folder, say };
  say(aboutFolder(job));
  const crm = await openCrm(settings.databaseUrl, folder.tenant);
  try {
    await report(job, crm, tables);
    if (settings.serve) await serve(job, crm);
  } finally {
    await crm.stop();
  }
}

function aboutFolder({
  folder: { path, isFallback, tenant },
  settings: { dataDir, databaseUrl },
}: Job): string {
  const nothing = dataDir === undefined ? "" : ` (there is no sales data in ${dataDir})`;
  const data = isFallback ? `the bundled sample${nothing}` : path;
  const database = databaseUrl.replace(/:\/\/([^:@/]*):[^@/]*@/, "://$1:***@");
  return `Data: ${data}\nDatabase: ${database}, tenant ${tenant}\n`;
}

async function report(job: Job, crm: QuickstartCrm, tables: Tables): Promise<void> {
  const { settings, folder, say } = job;
  const session = crm.system({ tenant: folder.tenant, reason: "import of the data folder" });
  const rejected = await RejectedRows.open(join(job.output, "rejected.csv"));
  const start = performance.now();
  const lines = canShowProgress() ? await countLines(join(folder.path, FILES.pipeline)) : 0;
  const bar = showProgress("Importing opportunities", lines - 1);
  const imported = await importFolder(session, tables, rejected, ({ done }) => bar.at(done)).catch(
    (error: unknown) => {
      bar.end("Interrupted");
      throw error;
    },
  );
  bar.end("Imported");
  const summary = importText(imported, (performance.now() - start) / 1000);
  const rejectedFile = await rejected.close();
  const figures = figuresOf(await session.entities.opportunity.salesReport(), imported);
  say(`${summary}\n${rejectedText(rejected, rejectedFile)}\n`);
  if (settings.json) job.out(`${JSON.stringify(figures, null, 2)}\n`);
  else say(`${figuresText(figures)}\n`);
  const comparison = comparisonText(await compareWithReference(folder.path, figures));
  if (comparison) say(`${comparison}\n`);
  const page = join(job.output, "dashboard.html");
  await writeFile(page, await dashboardPage(session));
  say(`Dashboard: ${page}\n`);
}

async function serve({ settings, folder, say, untilStopped }: Job, crm: QuickstartCrm): Promise<void> {
  const session = crm.system({ tenant: folder.tenant, reason: "serve the API" });
  const served = await serveHttp(crm, settings.port);
  const stopped = untilStopped();
  try {
    // Made only once the port is ours, so that a key is never made and not shown.
    say(await serveText(session, served.url, await ensureApiKey(session, settings.apiKey)));
    await stopped;
    say("\nStopping.");
  } finally {
    await served.stop();
  }
}
