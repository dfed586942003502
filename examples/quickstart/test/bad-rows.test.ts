import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RejectedRows } from "../src/import/rejected-rows.js";
import { importWithin, temporaryFolder } from "./support.js";

const FILES = {
  "accounts.csv": `account,sector,year_established,revenue,employees,office_location,subsidiary_of
Acorn,food,1999,12.5,100,Ireland,Birch
"Birch, Inc",retail,2001,7,50,Spain,
Cedar,retail,19x9,7,50,Spain,
Dogwood,retail,2001,seven,50,Spain,
,retail,2001,7,50,Spain,
acorn ,retail,2001,7,50,Spain,
Elm,retail,2001,7,-1,Spain,Nobody
`,
  "products.csv": `product,series,sales_price
Lamp Pro,L,10
Lamp Max,L,-1
LampPro,L,11
`,
  "sales_teams.csv": `sales_agent,manager,regional_office
Ann Able,Max Lead,North
Bob Bold,Max Lead,South
Bob Bold,Max Lead,West
,Max Lead,West
`,
};

const HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value";

/** Each row of the pipeline with the column and words of its rejection, or null where it is good. */
const ROWS: readonly (readonly [row: string, column: string | null, reason: RegExp | null])[] = [
  ["G1,Ann Able,LampPro,Acorn,Won,2017-01-01,2017-02-01,12.5", "", null],
  ['"G2", ann  able ,lamp pro,"birch, inc",WON,2017-01-01,2017-04-01,0.07', "", null],
  ["G3,Bob Bold,Lamp Pro,,Prospecting,,,", "", null],
  ["G4,Bob Bold,Lamp Pro,,Lost,2017-01-01,2017-01-01,0", "", null],
  ["G5,Bob Bold,Lamp Pro,,Engaging,2017-01-01,,", "", null],
  ["B1,Ann Able,Lamp Pro,Zebra,Engaging,2017-01-01,,", "account", /"Zebra" is not among .* accounts\.csv/],
  ["B2,Ann Able,Lamp Pro,Cedar,Engaging,2017-01-01,,", "account", /"Cedar" is not among/],
  ["B3,Cy Stranger,Lamp Pro,,Engaging,2017-01-01,,", "sales_agent", /"Cy Stranger" is not among/],
  ["B4,,Lamp Pro,,Engaging,2017-01-01,,", "sales_agent", /is blank/],
  ["B5,Ann Able,Torch,,Engaging,2017-01-01,,", "product", /"Torch" is not among/],
  ["B6,Ann Able,Lamp Max,,Engaging,2017-01-01,,", "product", /"Lamp Max" is not among/],
  ["B7,Ann Able,Lamp Pro,,Winning,2017-01-01,,", "deal_stage", /"Winning" is none of Prospecting/],
  ["B8,Ann Able,Lamp Pro,,,2017-01-01,,", "deal_stage", /is blank/],
  ["B9,Ann Able,Lamp Pro,,Won,2017-02-29,2017-03-01,1", "engage_date", /2017-02-29 does not exist/],
  ["B10,Ann Able,Lamp Pro,,Won,2017-01-01,2017-13-01,1", "close_date", /2017-13-01 does not exist/],
  ["B11,Ann Able,Lamp Pro,,Won,2017-01-01,01/03/2017,1", "close_date", /not a date such as/],
  ["B12,Ann Able,Lamp Pro,,Won,2017-03-02,2017-03-01,1", "close_date", /lies before the engage date/],
  ["B13,Ann Able,Lamp Pro,,Won,2017-01-01,,1", "close_date", /is blank, and the opportunity is won/],
  ["B14,Ann Able,Lamp Pro,,Lost,2017-01-01,,0", "close_date", /is blank, and the opportunity is lost/],
  [
    "B15,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,",
    "close_value",
    /is blank, and the opportunity is won/,
  ],
  ["B16,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,-5", "close_value", /"-5" is negative/],
  ["B17,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1e3", "close_value", /not a plain amount/],
  ["B18,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1.005", "close_value", /not a plain amount/],
  ['B19,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,"1,000"', "close_value", /"1,000" is not a plain/],
  ["B20,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,abc", "close_value", /"abc" is not/],
  [`B21,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,${"9".repeat(14)}`, "close_value", /not a plain/],
  [",Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1", "opportunity_id", /is blank/],
  ["G1,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1", "opportunity_id", /as row 2/],
  [`${"L".repeat(201)},Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1`, "opportunity_id", /200/],
  ["N\0UL,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1", "opportunity_id", /NUL|text/],
  ["B22,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01", null, /has 7 columns/],
  ["B23,Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1,2", null, /has 9 columns/],
  ['B24,"Ann Able,Lamp Pro,,Won,2017-01-01,2017-03-01,1', null, /opens a quote/],
  ['B25,Ann "Able",Lamp Pro,,Won,2017-01-01,2017-03-01,1', null, /a quote in the wrong place/],
];

it("refuses every bad row by line, column and reason, and takes the rest", async () => {
  const pipeline = [HEADER, ...ROWS.map(([row]) => row)].join("\n");
  await using folder = await temporaryFolder({ ...FILES, "sales_pipeline.csv": pipeline });
  const { figures, all, imported } = await importWithin(folder.path);
  const bad = ROWS.flatMap(([, column, reason], i) => (reason ? [{ line: i + 2, column, reason }] : []));
  expect(figures).toEqual({
    opportunities: 5,
    imported: 5,
    rejected: bad.length,
    byStage: { Prospecting: 1, Engaging: 1, Won: 2, Lost: 1 },
    wonRevenue: 12.57,
    winRate: 2 / 3,
    wonRevenueByQuarter: { "2017Q1": 12.5, "2017Q2": 0.07 },
    wonRevenueByAgentQuarter: { "Ann Able|2017Q1": 12.5, "Ann Able|2017Q2": 0.07 },
  });
  expect(imported).toMatchObject({ products: 1, accounts: 2, agents: 2 });
  const others = all.filter(({ file }) => file !== "sales_pipeline.csv");
  // What is wrong with a row alone is found before what is wrong with it beside others.
  const files = ["products.csv", "accounts.csv", "sales_teams.csv"];
  others.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line);
  expect(others).toMatchObject([
    { file: "products.csv", line: 3, column: "sales_price", reason: expect.stringContaining("negative") },
    { file: "products.csv", line: 4, column: "product", reason: expect.stringContaining("as row 2") },
    { file: "accounts.csv", line: 2, column: "subsidiary_of", reason: expect.stringContaining("without it") },
    { file: "accounts.csv", line: 4, column: "year_established" },
    { file: "accounts.csv", line: 5, column: "revenue" },
    { file: "accounts.csv", line: 6, column: "account" },
    { file: "accounts.csv", line: 7, column: "account", reason: expect.stringContaining("as row 2") },
    { file: "accounts.csv", line: 8, column: "employees" },
    { file: "sales_teams.csv", line: 4, column: "sales_agent" },
    { file: "sales_teams.csv", line: 5, column: "sales_agent" },
  ]);
  const pipelineRows = all.filter(({ file }) => file === "sales_pipeline.csv");
  expect(pipelineRows.toSorted((a, b) => a.line - b.line)).toMatchObject(
    bad.map(({ line, column, reason }) => ({ line, column, reason: expect.stringMatching(reason) })),
  );
});

it("lists the refused rows in a file", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "rejected.csv");
  const rejected = await RejectedRows.open(path);
  for (let line = 2; line < 32; line++) {
    rejected.add({ file: "a.csv", line, column: "b", reason: `is "bad", so` });
  }
  expect([rejected.total, rejected.first.length]).toEqual([30, 20]);
  expect(await rejected.close()).toBe(path);
  const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
  expect(lines).toHaveLength(31);
  expect(lines[1]).toBe('"a.csv","2","b","is ""bad"", so"');
  const empty = await RejectedRows.open(path);
  expect(await empty.close()).toBeNull();
  await expect(readFile(path)).rejects.toThrow("ENOENT");
});
