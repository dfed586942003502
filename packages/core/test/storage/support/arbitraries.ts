import fc from "fast-check";
import type { Order, StoredRow } from "../../../src/storage/adapter.js";
import type { Filter, Scalar } from "../../../src/storage/filter.js";
import { account, id, item } from "../../../src/testing/storage-conformance/fixtures.js";

type Value = Exclude<Scalar, null>;

/** Few values of each type, so that equal ones are common. */
const domains: Readonly<Record<string, readonly Value[]>> = {
  rank: [-1, 0, 1, 2],
  amount: [-5, 0, 1, 2, 9_007_199_254_740_991],
  rate: [-1.5, 0, 0.1, 2],
  flag: [true, false],
  label: ["", "a", "A", "a ", "ä", "Ä", "b%", "ab", "_", "Σας", "ΣΑΣ", "\uff21", "𝒳"],
  note: ["", "a", "A", "aa", "a_a", "É", "é", "x!y", "\\", "'"],
  day: ["1999-12-31", "2024-01-01", "2024-02-29"],
  at: ["1999-12-31T23:59:59.999Z", "2024-01-01T00:00:00.000Z", "2024-01-01T00:00:00.001Z"],
  account_id: [id(1), id(2), id(3)],
};

const nullable = (column: string): boolean => column !== "rank" && column !== "label";

const columns = Object.keys(domains);
const oneOf = (column: string): fc.Arbitrary<Value> => fc.constantFrom(...(domains[column] as Value[]));

export const accounts: readonly StoredRow[] = [1, 2, 3].map((number) =>
  account(number, { tenant: number === 3 ? "t2" : "t1" }),
);

export const itemRows: fc.Arbitrary<StoredRow[]> = fc
  .array(
    fc.record(
      Object.fromEntries(
        columns.map((column) => [
          column,
          nullable(column) ? fc.option(oneOf(column), { nil: null, freq: 3 }) : oneOf(column),
        ]),
      ),
    ),
    { maxLength: 14 },
  )
  .map((rows) => rows.map((row, index) => item(index + 1, row)));

const leaf: fc.Arbitrary<Filter> = fc.constantFrom(...columns).chain((column) => {
  const value = oneOf(column);
  const text = typeof domains[column]?.[0] === "string" && (column === "label" || column === "note");
  const options: fc.Arbitrary<Filter>[] = [
    fc.record({
      op: fc.constantFrom("eq", "ne", "lt", "lte", "gt", "gte"),
      column: fc.constant(column),
      value,
    }),
    fc.record({
      op: fc.constant("in" as const),
      column: fc.constant(column),
      // Longer lists take other forms of SQL.
      values: fc.oneof(fc.array(value, { maxLength: 4 }), fc.array(value, { minLength: 9, maxLength: 20 })),
    }),
    fc.record({ op: fc.constant("null" as const), column: fc.constant(column), is: fc.boolean() }),
  ];
  if (text) {
    options.push(
      fc.record({
        op: fc.constant("match" as const),
        column: fc.constant(column),
        how: fc.constantFrom("contains", "starts", "ends"),
        text: value.map(String),
        caseSensitive: fc.boolean(),
      }),
    );
  }
  return fc.oneof(...options) as fc.Arbitrary<Filter>;
});

const accountLeaf: fc.Arbitrary<Filter> = fc.constantFrom(
  { op: "eq", column: "tenant", value: "t1" },
  { op: "ne", column: "name", value: "Account 1" },
  { op: "const", value: true },
  { op: "const", value: false },
);

/** Sets of ids of other tables and of the same one, with and without NULL in them, and of one another. */
const among = (inner: fc.Arbitrary<Filter>): fc.Arbitrary<Filter> => {
  const accountIds = fc.oneof(
    accountLeaf.map((where) => ({ table: "account", select: "id", where })),
    fc.record({ table: fc.constant("item"), select: fc.constant("account_id"), where: inner }),
  );
  const itemIds = fc.record({ table: fc.constant("item"), select: fc.constant("id"), where: inner });
  const op = fc.constant("among" as const);
  return fc.oneof(
    fc.record({ op, column: fc.constant("account_id"), of: fc.array(accountIds, { maxLength: 3 }) }),
    fc.record({ op, column: fc.constant("id"), of: fc.array(itemIds, { maxLength: 3 }) }),
  );
};

export const filters: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.record({ op: fc.constantFrom("and", "or"), of: fc.array(tie("filter"), { maxLength: 4 }) }),
    fc.record({ op: fc.constant("not" as const), of: tie("filter") }),
    accountLeaf.map(
      (where): Filter => ({ op: "exists", table: "account", local: "account_id", foreign: "id", where }),
    ),
    among(tie("filter") as fc.Arbitrary<Filter>),
    fc.boolean().map((value): Filter => ({ op: "const", value })),
  ) as fc.Arbitrary<Filter>,
})).filter;

const direction = fc.constantFrom("asc" as const, "desc" as const);

/** Some columns in some directions, and the id last. */
export const orders: fc.Arbitrary<Order[]> = fc
  .tuple(
    fc.uniqueArray(fc.record({ column: fc.constantFrom(...columns), direction }), {
      selector: ({ column }) => column,
      maxLength: 3,
    }),
    direction,
  )
  .map(([first, last]) => [...first, { column: "id", direction: last }]);

export const groupColumns: fc.Arbitrary<string[]> = fc.uniqueArray(fc.constantFrom(...columns), {
  maxLength: 2,
});
