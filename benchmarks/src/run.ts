import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { dirname, join } from "node:path";
import { accessScenarios } from "./access-cost.js";
import { checkAgreement } from "./agreement.js";
import { Data } from "./app/data.js";
import { automationScenarios } from "./automations.js";
import { bullmqScenarios } from "./bullmq.js";
import { type ColdStart, coldStart } from "./cold-start.js";
import { postgresContenders } from "./contenders/postgres.js";
import { type SeededFiles, seedSqlite, sqliteContenders } from "./contenders/sqlite.js";
import { measureDuplicates } from "./duplicates.js";
import { hookScenarios } from "./hook-dispatch.js";
import { httpScenarios } from "./http.js";
import { jobScenarios } from "./jobs.js";
import { measureLeads } from "./leads.js";
import { interleave } from "./measure/interleave.js";
import { type Figure, figureOf, speedTable, timeTable } from "./measure/report.js";
import { salesScenarios } from "./sales.js";
import { durableScenarios, recordScenarios, type Scenario } from "./scenarios.js";
import { readSettings } from "./settings.js";
import { socketScenarios } from "./sockets.js";
import { measureTransfers } from "./transfers/measure.js";

const settings = readSettings(process.argv.slice(2), process.env);
const wanted = (name: string): boolean => name.toLowerCase().includes(settings.only.toLowerCase());
const figures: Figure[] = [];
const loadBefore = loadavg()[0];

async function measure(group: string, scenarios: readonly Scenario[]): Promise<void> {
  for (const scenario of scenarios) {
    if (!wanted(`${group} ${scenario.name}`)) continue;
    process.stderr.write(`${group}: ${scenario.name}\n`);
    const { rounds, slice } = settings;
    const options = { rounds, slice, alike: scenario.grows === true };
    figures.push(figureOf(group, scenario, await interleave(await scenario.tasks(), options)));
  }
}

async function measureSqlite(files: SeededFiles, data: Data): Promise<void> {
  const { seeded } = files;
  const contenders = await sqliteContenders(files, "normal");
  await checkAgreement(contenders, seeded);
  await measure("SQLite", recordScenarios(contenders, seeded, data));
  await measure("HTTP", await httpScenarios(contenders, seeded, data));
  for (const contender of contenders) await contender.close();
  const durable = await sqliteContenders(files, "full");
  await measure("SQLite", durableScenarios(durable, seeded, data));
  for (const contender of durable) await contender.close();
}

async function measureSockets(files: SeededFiles, data: Data): Promise<void> {
  const { scenarios, stop } = await socketScenarios(files, data);
  await measure("HTTP over sockets", scenarios);
  await stop();
}

async function measurePostgres(url: string): Promise<void> {
  const data = new Data();
  const { contenders, seeded } = await postgresContenders(url, data, settings.rows);
  await checkAgreement(contenders, seeded);
  await measure("PostgreSQL", recordScenarios(contenders, seeded, data));
  for (const contender of contenders) await contender.close();
}

async function measureHooks(): Promise<void> {
  const { scenarios, stop } = hookScenarios();
  await measure("Hooks", scenarios);
  await stop();
}

async function measureAccess(): Promise<void> {
  const { scenarios, stop } = await accessScenarios(settings.rows);
  await measure("Access", scenarios);
  await stop();
}

async function measureAutomations(): Promise<void> {
  const { scenarios, stop } = await automationScenarios(settings.postgres, settings.redis);
  await measure("Automations", scenarios);
  await stop();
}

async function measureSales(): Promise<void> {
  const { scenarios, stop } = await salesScenarios(settings.quick);
  await measure("Sales", scenarios);
  await stop();
}

async function measureJobs(): Promise<void> {
  const { scenarios, stop } = await jobScenarios(settings.postgres);
  await measure("Jobs", scenarios);
  await stop();
  const bullmq = await bullmqScenarios(settings.postgres, settings.redis);
  await measure("Jobs", bullmq.scenarios);
  await bullmq.stop();
}

const data = new Data();
// Large numbers of rows are asked for to see what access costs: the rest would only fill the disk.
const files = await seedSqlite(data, settings.only === "access" ? 100 : settings.rows);
let cold: ColdStart | undefined;
try {
  await measureSqlite(files, data);
  if (wanted("HTTP over sockets")) await measureSockets(files, data);
  if (wanted("cold start")) {
    process.stderr.write("cold start\n");
    cold = coldStart(files, settings.quick ? 2 : 9);
    figures.push(figureOf("Process", { name: "start to first answer" }, cold.samples));
  }
} finally {
  files.remove();
}
await measureHooks();
if (wanted("access")) await measureAccess();
if (wanted("jobs")) await measureJobs();
if (wanted("automations")) await measureAutomations();
if (wanted("sales")) await measureSales();
const leadsReport = wanted("leads")
  ? await measureLeads(Number(process.env["BENCH_LEADS"] ?? (settings.quick ? 2_000 : 20_000)))
  : undefined;
const duplicatesReport = wanted("duplicates")
  ? await measureDuplicates(Number(process.env["BENCH_DUPLICATES"] ?? (settings.quick ? 5_000 : 100_000)))
  : undefined;
const transfersReport = await measureTransfers(
  Number(process.env["BENCH_TRANSFERS"] ?? (settings.quick ? 2_000 : 100_000)),
  (title) => wanted(`transfers ${title}`),
);
if (settings.postgres) await measurePostgres(settings.postgres);

const machine = {
  cpu: `${cpus().length} × ${cpus()[0]?.model}`,
  node: process.versions.node,
  load: [loadBefore, loadavg()[0]].map((load) => Number(load?.toFixed(1))),
};
const memory = Math.round(process.memoryUsage().rss / 2 ** 20);
const of = (group: string): Figure[] => figures.filter((figure) => figure.group === group);

console.log(`${machine.cpu}, Node ${machine.node}, load ${machine.load.join(" to ")}`);
console.log(`${settings.rows.toLocaleString("en")} contacts, ${settings.rounds} rounds`);
for (const group of [
  "SQLite",
  "HTTP",
  "HTTP over sockets",
  "Access",
  "Jobs",
  "Automations",
  "Sales",
  "PostgreSQL",
]) {
  if (of(group).length > 0) console.log(`\n${speedTable(group, of(group))}`);
}
if (duplicatesReport) console.log(`\n${duplicatesReport}`);
if (leadsReport) console.log(`\n${leadsReport}`);
if (transfersReport) console.log(`\n${transfersReport}`);
if (of("Hooks").length > 0)
  console.log(`\n${timeTable("Hooks", of("Hooks"), { name: "µs", perSecond: 1e6 })}`);
if (cold) {
  console.log(`\n${timeTable("Process", of("Process"), { name: "ms", perSecond: 1e3 })}`);
  const used = Object.entries(cold.memory).map(([name, { median }]) => `${name} ${Math.round(median)} MB`);
  console.log(`Memory after the first answer: ${used.join(", ")}`);
}
console.log(`Memory of this process at the end: ${memory} MB`);

const now = new Date().toISOString();
const out = settings.out ?? join(import.meta.dirname, `../results/${now.replaceAll(":", "-")}.json`);
mkdirSync(dirname(out), { recursive: true });
const result = { at: now, machine, settings, figures, coldMemory: cold?.memory ?? null, memory };
writeFileSync(out, `${JSON.stringify(result, null, 2)}\n`);
console.log(`Written to ${out}`);
