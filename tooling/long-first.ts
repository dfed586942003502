import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes, and of which one that begins last would keep a core waiting. */
const long = ["simulator/test/simulator.test.ts", "packages/plugin-workflow/test/sender.test.ts"];

/** The order of vitest, which knows sizes and not times on a new machine, with the longest at the beginning. */
export default class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => long.some((path) => moduleId.endsWith(path));
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
