import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findFolder, SAMPLE } from "../src/data/folder.js";
import { compareWithReference } from "../src/report/reference.js";
import { makeData, SAMPLE_OPTIONS } from "../src/sample/make-data.js";
import { importWithin, temporaryFolder } from "./support.js";

it("brings a sample that its generator makes, and that adds up to its reference", async () => {
  const made = makeData(SAMPLE_OPTIONS);
  expect((await readdir(SAMPLE)).toSorted()).toEqual(Object.keys(made).toSorted());
  for (const [name, text] of Object.entries(made)) {
    expect(await readFile(join(SAMPLE, name), "utf8"), name).toBe(text);
  }
  const { figures, all } = await importWithin(SAMPLE);
  expect(all).toEqual([]);
  expect(await compareWithReference(SAMPLE, figures)).toMatchObject({ differences: [] });
  expect(figures.opportunities).toBe(120);
});

it("keeps two folders apart in one database, and doubles nothing when one is read again", async () => {
  await using database = await temporaryFolder();
  await using first = await temporaryFolder(makeData({ seed: 7, opportunities: 700, from: "2019-10-01" }));
  await using second = await temporaryFolder(makeData({ seed: 8, opportunities: 300, from: "2031-01-01" }));
  const url = `sqlite:${join(database.path, "corm.db")}`;
  const one = await importWithin(first.path, url);
  const two = await importWithin(second.path, url);
  expect(await compareWithReference(first.path, one.figures)).toMatchObject({ differences: [] });
  expect(await compareWithReference(second.path, two.figures)).toMatchObject({ differences: [] });
  expect(await importWithin(first.path, url)).toEqual(one);
  expect(one.visits).toBe(700);
  expect(two.visits).toBe(300);
});

it("finds the files in the folder or in maven-crm-sales below it, and says which is missing", async () => {
  const { "products.csv": _, ...incomplete } = makeData(SAMPLE_OPTIONS);
  await using folder = await temporaryFolder(incomplete);
  await using empty = await temporaryFolder();
  await expect(findFolder(folder.path)).rejects.toThrow(/has no products\.csv/);
  expect(await findFolder(empty.path)).toEqual({ path: SAMPLE, isFallback: true, tenant: "sample" });
  expect(await findFolder(join(empty.path, "nowhere"))).toMatchObject({ path: SAMPLE, isFallback: true });
  expect(await findFolder(SAMPLE)).toEqual({ path: SAMPLE, isFallback: false, tenant: "sample" });
});

it("tells where figures differ from the reference", async () => {
  await using folder = await temporaryFolder({
    "expected.json": JSON.stringify({
      rows: 5,
      win_rate: 0.333333,
      won_revenue: 10,
      by_stage: { Won: 1, Lost: 3 },
      mystery: 7,
    }),
  });
  const figures = {
    opportunities: 4,
    imported: 4,
    rejected: 1,
    byStage: { Won: 1, Lost: 2, Engaging: 1 },
    wonRevenue: 10,
    winRate: 1 / 3,
    wonRevenueByQuarter: {},
    wonRevenueByAgentQuarter: {},
  };
  expect(await compareWithReference(folder.path, figures)).toEqual({
    compared: 6,
    differences: ["stage Lost: 2 here, 3 in the reference", "stage Engaging: 1 here, 0 in the reference"],
  });
});
