import type { Reporter, TestModule } from "vitest/node";

type Tally = { passed: number; failed: number; skipped: number; flaky: string[] };

/** Prints the tests that passed only when run again, and `N passed, N failed, N skipped` as the very last line. */
export default class TestSummary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tally: Tally = { passed: 0, failed: unhandledErrors.length, skipped: 0, flaky: [] };
    for (const module of modules) count(module, tally);
    process.once("exit", () => {
      for (const name of tally.flaky) console.log(`Passed only when run again: ${name}`);
      console.log(`${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
    });
  }
}

/** A module or suite that breaks outside its tests (an import, a hook) counts as a failure too. */
function count(module: TestModule, tally: Tally): void {
  tally.failed += module.errors().length;
  for (const suite of module.children.allSuites()) tally.failed += suite.errors().length;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === "passed") tally.passed += 1;
    else if (state === "failed") tally.failed += 1;
    else tally.skipped += 1;
    if (test.diagnostic()?.flaky) tally.flaky.push(`${module.relativeModuleId}: ${test.fullName}`);
  }
}
