import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../src/bundle.js";
import { mutants } from "../src/mutants.js";
import type { SeedResult } from "../src/run-seed.js";

/** Seeds of each scenario; for long runs there is `npm run simulate`. */
const SEEDS = Number(process.env["CORM_SEEDS"] ?? 15);
/** Among so many seeds one has to tell a mutant. */
const MUTANT_SEEDS = 120;
const folder = join(import.meta.dirname, `../.cache/test-${process.pid}`);

const play = (file: string, ...args: string[]): Promise<SeedResult[]> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [file, "--json", ...args], { maxBuffer: 1e8 }, (error, out, errors) => {
      if (error && error.code !== 1) reject(new Error(errors, { cause: error }));
      else
        resolve(
          out
            .split("\n")
            .filter((line) => line !== "")
            .map((line) => JSON.parse(line) as SeedResult),
        );
    });
  });

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the simulator", () => {
  let file = "";
  beforeAll(async () => {
    file = await bundle(join(folder, "sound"));
  });

  it(`finds nothing in ${SEEDS} seeds of each scenario`, async () => {
    const results = await play(file, "--all", "--seeds", `${SEEDS}`);
    expect(results.filter(({ violation }) => violation !== null)).toEqual([]);
    expect(results.length).toBeGreaterThanOrEqual(2 * SEEDS);
    for (const scenario of new Set(results.map((result) => result.scenario))) {
      const own = results.filter((result) => result.scenario === scenario);
      expect(own.reduce((sum, { crashes }) => sum + crashes, 0)).toBeGreaterThan(0);
      expect(new Set(own.map(({ digest }) => digest)).size).toBe(own.length);
    }
  }, 300_000);

  it("does the same again for the same seed, step by step", async () => {
    const [once, again] = await Promise.all([
      play(file, "--from", "7", "--seeds", "2"),
      play(file, "--from", "7", "--seeds", "2"),
    ]);
    expect(again).toEqual(once);
  }, 120_000);
});

describe("a build with a fault is told by some seed, and by the same one again:", () => {
  for (const mutant of mutants) {
    it(mutant.name, async () => {
      const file = await bundle(join(folder, `${mutants.indexOf(mutant)}`), mutant);
      const results = await play(file, "--scenario", mutant.scenario, "--seeds", `${MUTANT_SEEDS}`);
      const failed = results.at(-1) as SeedResult;
      expect(failed.violation).not.toBeNull();
      const [again] = await play(
        file,
        "--scenario",
        mutant.scenario,
        "--from",
        `${failed.seed}`,
        "--seeds",
        "1",
      );
      expect(again).toEqual(failed);
    }, 300_000);
  }
});
