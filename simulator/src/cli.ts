import { parseArgs } from "node:util";
import { runSeed } from "./run-seed.js";
import { scenarios } from "./scenarios/index.js";

const { values } = parseArgs({
  options: {
    scenario: { type: "string" },
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "1" },
    log: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    /** Goes on after the first seed that fails. */
    all: { type: "boolean", default: false },
  },
});
const wanted = scenarios.filter(({ name }) => values.scenario === undefined || name === values.scenario);
if (wanted.length === 0) throw new Error(`There is no scenario "${values.scenario}".`);
const first = Number(values.from);
const count = Number(values.seeds);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

for (const scenario of wanted) {
  const sums = { seeds: 0, failed: 0, steps: 0, crashes: 0, freezes: 0, conflicts: 0, elapsed: 0 };
  const began = performance.now();
  for (let seed = first; seed < first + count; seed++) {
    const result = await runSeed(scenario, seed, { log: values.log });
    if (values.log) for (const line of result.log) say(line);
    sums.seeds += 1;
    sums.steps += result.steps;
    sums.crashes += result.crashes;
    sums.freezes += result.freezes;
    sums.conflicts += result.conflicts;
    sums.elapsed += result.elapsed;
    if (values.json) say(JSON.stringify({ ...result, log: undefined }));
    if (result.violation === null) continue;
    sums.failed += 1;
    process.exitCode = 1;
    if (!values.json) {
      say(`${scenario.name}, seed ${seed}: ${result.violation}`);
      say(
        `  again, with what happened: npm run simulate -- --scenario ${scenario.name} --from ${seed} --seeds 1 --log`,
      );
    }
    if (!values.all) break;
  }
  const seconds = (performance.now() - began) / 1000;
  const hours = (sums.elapsed / 3_600_000).toFixed(1);
  if (!values.json)
    say(
      `${scenario.name}: ${sums.seeds} seeds, ${sums.failed} failed; ${sums.steps} steps, ${sums.crashes} crashes, ` +
        `${sums.freezes} freezes, ${sums.conflicts} conflicts; ${hours} h in ${seconds.toFixed(0)} s`,
    );
}
// Processes that died in the middle of something have left timers behind.
process.exit(process.exitCode ?? 0);
