import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { SAMPLE } from "../src/data/folder.js";
import { makeData, SAMPLE_OPTIONS } from "../src/sample/make-data.js";
import { runWithin, seen, start, temporaryFolder } from "./support.js";

const ENV = { CORM_DATA_DIR: SAMPLE };
const SERVING = "Stop with Ctrl+C.";

/** Sends what a printed curl line would send. */
function send(line: string): Promise<Response> {
  const words = [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
  const after = (flag: string) => words.flatMap((word, i) => (word === flag ? [words[i + 1] ?? ""] : []));
  const headers = Object.fromEntries(after("-H").map((header) => header.split(": ", 2)));
  const [body] = after("-d");
  const method = after("-X")[0] ?? "GET";
  return fetch(words.at(-1) ?? "", { method, headers, ...(body === undefined ? {} : { body }) });
}

const urlIn = (text: string) => /Serving (http:\S+)/.exec(text)?.[1] ?? "";

function list(url: string, key: string | undefined): Promise<Response> {
  return fetch(`${url}/api/opportunities?limit=1`, { headers: { authorization: `Bearer ${key}` } });
}

it("K94 writes the report as JSON to standard output and nothing else, and stops on a signal", {
  timeout: 120_000,
}, async () => {
  await using folder = await temporaryFolder();
  const process = start(folder.path, ["--json"], { ...ENV, PORT: "0" });
  await seen(process, SERVING);
  process.child.kill("SIGTERM");
  expect(await process.ended, process.text.err).toBe(0);
  const report = JSON.parse(process.text.out);
  const expected = JSON.parse(await readFile(join(SAMPLE, "expected.json"), "utf8"));
  expect(Object.keys(report)).toEqual([
    "opportunities",
    "imported",
    "rejected",
    "byStage",
    "wonRevenue",
    "winRate",
    "wonRevenueByQuarter",
    "wonRevenueByAgentQuarter",
  ]);
  expect(report).toMatchObject({
    opportunities: 120,
    imported: 120,
    rejected: 0,
    byStage: expected.by_stage,
    wonRevenue: expected.won_revenue,
    wonRevenueByQuarter: expected.won_revenue_by_close_quarter,
    wonRevenueByAgentQuarter: expected.won_revenue_by_agent_quarter,
  });
  expect(report.winRate).toBeCloseTo(expected.win_rate, 6);
  expect(process.text.err).toMatch(/Imported 5 products, 12 accounts, 8 sales agents and 120 opportunities/);
  expect(process.text.err).toMatch(/figures match the reference/);
  const page = await readFile(join(folder.path, ".data/dashboard.html"), "utf8");
  expect(page).toMatch(/^<!doctype html>[\s\S]*\$188,35[89][\s\S]*<svg[\s\S]*Sales funnel/i);
  expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/);
  expect(process.text.err).toMatch(/Stopping\.\n$/);
});

it("serves the CRM and prints requests that work", async () => {
  await using folder = await temporaryFolder();
  const first = runWithin(folder.path, [], { ...ENV, PORT: "0" });
  await seen(first, SERVING);
  const { out } = first.text;
  expect(out).toMatch(/Prospecting +3\n[\s\S]*Hana Petrov[\s\S]*Win rate +61\.2 %/);
  const key = /API key: (corm_\S+) {2}\(shown this once\)/.exec(out)?.[1];
  const lines = out.split("\n").filter((line) => line.startsWith("  curl "));
  expect(lines).toHaveLength(3);
  const answers: unknown[] = [];
  for (const line of lines) {
    const response = await send(line);
    const answer = await response.json();
    expect(response.status, `${line}\n${JSON.stringify(answer)}`).toBe(200);
    answers.push(answer);
  }
  const [engaging, quarters, moved] = answers as [{ data: unknown[] }, { data: unknown[] }, unknown];
  expect(engaging.data).toHaveLength(3);
  expect(engaging.data[0]).toMatchObject({ stage: "engaging" });
  expect(quarters.data[0]).toMatchObject({ quarter: "2024-Q2", revenue: { amount: "12878.01" } });
  expect(moved).toMatchObject({ stage: "engaging", status: "open" });
  expect((await list(urlIn(out), "wrong")).status).toBe(401);

  const { port } = new URL(urlIn(out));
  const second = runWithin(folder.path, [], { ...ENV, PORT: port });
  expect(await second.ended).toBe(1);
  expect(second.text.err).toBe(
    `Port ${port} is taken. Choose another one: PORT=${Number(port) + 1} npm start\n`,
  );
  first.stop();
  expect(await first.ended).toBe(0);

  const third = runWithin(folder.path, [], {
    ...ENV,
    PORT: "0",
    CORM_API_KEY: "a-key-of-my-own-that-nobody-guesses",
  });
  await seen(third, SERVING);
  // The import has put back what the request above had moved.
  expect(third.text.out).toMatch(/Prospecting +3\n/);
  expect(third.text.out).toContain("API key: that of CORM_API_KEY");
  expect(third.text.out).not.toContain("a-key-of-my-own-that-nobody-guesses");
  for (const each of [key, "a-key-of-my-own-that-nobody-guesses"]) {
    expect((await list(urlIn(third.text.out), each)).status).toBe(200);
  }
  third.stop();
  await third.ended;

  const fourth = runWithin(folder.path, [], { ...ENV, PORT: "0" });
  await seen(fourth, SERVING);
  expect(fourth.text.out).toContain(
    "API key: as shown on the first start; CORM_API_KEY=<key> npm start sets",
  );
  fourth.stop();
  await fourth.ended;
});

it("stops with a clear message where it cannot begin", async () => {
  const data = makeData(SAMPLE_OPTIONS);
  const text = (data["sales_pipeline.csv"] ?? "").replace("deal_stage", "phase");
  await using folder = await temporaryFolder({ ...data, "sales_pipeline.csv": text });
  const refused = async (args: string[], env: Record<string, string>) => {
    const run = runWithin(folder.path, args, env);
    expect(await run.ended).toBe(1);
    expect(run.text.err).not.toMatch(/^ +at /m);
    return run.text;
  };
  const header = await refused(["--no-serve", "--json"], { CORM_DATA_DIR: folder.path });
  expect(header.err).toMatch(/^The header of sales_pipeline\.csv lacks "deal_stage"\. It needs/);
  expect(header.out).toBe("");
  expect((await refused(["--fast"], ENV)).err).toMatch(/^Unknown option '--fast'\.\n\nUsage:/);
  const database = await refused(["--no-serve"], { ...ENV, DATABASE_URL: "oracle://me:secret@here/crm" });
  expect(database.err).toMatch(/^DATABASE_URL cannot be used. The database URL must start with/);
  expect(database.out + database.err).not.toContain("secret");
  const nobody = await refused(["--no-serve"], { ...ENV, DATABASE_URL: "postgres://x@127.0.0.1:1/x" });
  expect(nobody.err).toMatch(/^The database does not answer/);
});

it("explains itself", async () => {
  const help = runWithin("", ["--help"]);
  expect(await help.ended).toBe(0);
  expect(help.text.out).toMatch(/^Usage: npm start/);
});
