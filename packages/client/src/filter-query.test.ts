import { describe, expect, it } from "vitest";
import { filterQuery } from "./filter-query.js";

describe("conditions in a URL", () => {
  it("are comparisons that must all hold, also across relations", () => {
    expect(
      filterQuery({
        stage: "won",
        amount: { gte: { amount: "1.50", currency: "EUR" }, lt: "9" },
        price: { amount: "2.00", currency: "USD" },
        note: null,
        code: { ne: null, in: ["a", "b"] },
        account: { industry: "software", parent: { name: { contains: "x" } } },
        orders: { some: { done: true } },
        left: undefined,
      }),
    ).toEqual([
      ["filter[stage]", "won"],
      ["filter[amount][gte]", "1.50 EUR"],
      ["filter[amount][lt]", "9"],
      ["filter[price]", "2.00 USD"],
      ["filter[note][isNull]", "true"],
      ["filter[code][isNull]", "false"],
      ["filter[code][in]", "a,b"],
      ["filter[account.industry]", "software"],
      ["filter[account.parent.name][contains]", "x"],
      ["filter[orders.done]", "true"],
    ]);
    expect(filterQuery(undefined)).toEqual([]);
  });

  it.each([
    [{ or: [{ a: 1 }] }],
    [{ account: { not: { a: 1 } } }],
    [{ orders: { none: { a: 1 } } }],
    [{ code: { in: ["a,b"] } }],
    [{ at: { within: { last: 1, unit: "day" } } }],
  ])("are refused where the URL would say something else: %j", (where) => {
    expect(() => filterQuery(where)).toThrow("cannot say");
  });
});
