/** What a value must be: itself, or comparisons that must all hold. As conditions have them, on one value. */
export type ValueTest =
  | string
  | number
  | boolean
  | null
  | {
      readonly eq?: unknown;
      readonly ne?: unknown;
      readonly in?: readonly unknown[];
      readonly nin?: readonly unknown[];
      readonly gt?: string | number;
      readonly gte?: string | number;
      readonly lt?: string | number;
      readonly lte?: string | number;
      readonly isNull?: boolean;
    };

type Check = (value: unknown, argument: unknown) => boolean;

/** Two amounts of one currency are compared as they are written: `eq`, `ne`, `in` and `nin` alone make sense of them. */
const same = (a: unknown, b: unknown): boolean => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
const ordered =
  (holds: (a: string | number, b: string | number) => boolean): Check =>
  (value, argument) =>
    typeof value === typeof argument &&
    (typeof value === "string" || typeof value === "number") &&
    holds(value, argument as string | number);

const CHECKS: Readonly<Record<string, Check>> = {
  eq: same,
  ne: (value, argument) => !same(value, argument),
  in: (value, list) => Array.isArray(list) && list.some((one) => same(value, one)),
  nin: (value, list) => Array.isArray(list) && !list.some((one) => same(value, one)),
  gt: ordered((a, b) => a > b),
  gte: ordered((a, b) => a >= b),
  lt: ordered((a, b) => a < b),
  lte: ordered((a, b) => a <= b),
  isNull: (value, wanted) => ((value ?? null) === null) === wanted,
};

/** What is wrong with a test that came as data; null where nothing is. */
export function testProblem(test: unknown): string | null {
  if (typeof test !== "object" || test === null) return null;
  if (Array.isArray(test)) return "is a list: use { in: […] }";
  const unknown = Object.keys(test).find((name) => !Object.hasOwn(CHECKS, name));
  if (unknown !== undefined) return `has "${unknown}", which is none of ${Object.keys(CHECKS).join(", ")}`;
  for (const name of ["in", "nin"])
    if (Object.hasOwn(test, name) && !Array.isArray((test as Record<string, unknown>)[name]))
      return `"${name}" takes a list`;
  return null;
}

/** Whether a value is as the test says. Pure. */
export function holds(test: ValueTest | undefined, value: unknown): boolean {
  if (test === undefined) return true;
  if (typeof test !== "object" || test === null) return same(value, test);
  return Object.entries(test).every(([name, argument]) => CHECKS[name]?.(value, argument) === true);
}
