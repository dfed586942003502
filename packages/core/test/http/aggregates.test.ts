import { account } from "@corm/core";
import { beforeAll, expect, it } from "vitest";
import { onEngines } from "./support/on-engines.js";
import { parcel } from "./support/parcels.js";
import type { Json, TestApi } from "./support/start.js";

onEngines((started) => {
  let api: TestApi;
  beforeAll(async () => {
    api = started();
    const { id: accountId } = await api.me.repo(account).create({ name: "Turin Yard" });
    const euros = (amount: string) => ({ amount, currency: "EUR" });
    await api.me.repo(parcel).createMany([
      { code: "A1", weight: 5, dueOn: "2017-01-10", price: euros("10.00"), accountId },
      { code: "B2", weight: 15, dueOn: "2017-03-31", price: euros("99.50"), state: "sent" },
      {
        code: "C3",
        weight: 25,
        dueOn: "2017-04-01",
        state: "sent",
        price: { amount: "1.00", currency: "USD" },
      },
    ]);
    await api.inTenant("other").repo(parcel).create({ code: "FOREIGN", weight: 1000 });
  });

  const aggregate = async (body: Json) => {
    const answer = await api.call("POST", "/api/parcels/aggregate", { body });
    expect(answer.status, answer.text).toBe(200);
    return answer.body["data"];
  };

  it("groups by fields and buckets", async () => {
    expect(
      await aggregate({
        where: { "price.currency": "EUR" },
        groupBy: ["state", { field: "dueOn", bucket: "quarter", as: "due" }],
        measures: { revenue: { sum: "price" }, n: { count: true } },
        orderBy: ["-revenue"],
        limit: 10,
      }),
    ).toEqual([
      { state: "sent", due: "2017-Q1", revenue: { amount: "99.50", currency: "EUR" }, n: 1 },
      { state: "open", due: "2017-Q1", revenue: { amount: "10.00", currency: "EUR" }, n: 1 },
    ]);
  });

  it("measures by conditions, and selects groups by measures", async () => {
    expect(
      await aggregate({
        groupBy: ["state"],
        measures: {
          heavy: { count: true, where: { account: { name: "Turin Yard" } } },
          kg: { sum: "weight" },
        },
        having: { kg: { gt: 5 } },
      }),
    ).toEqual([{ state: "sent", heavy: 0, kg: 40 }]);
  });

  it("does not add across currencies", async () => {
    const body = { measures: { revenue: { sum: "price" } } };
    await api.fails(422, "mixed-currencies", "POST", "/api/parcels/aggregate", { body });
    expect(await aggregate({ ...body, groupBy: ["price.currency"] })).toHaveLength(2);
  });

  const n = { count: true };
  it.each<[string, string, Json]>([
    ["no measures", "invalid-body", {}],
    ["measures that are none", "invalid-body", { measures: {} }],
    ["a list for measures", "invalid-body", { measures: [n] }],
    ["a key too many", "invalid-body", { measures: { n }, limits: 3 }],
    ["a group that is null", "invalid-body", { measures: { n }, groupBy: [null] }],
    ["nine groups", "invalid-body", { measures: { n }, groupBy: Array(9).fill("state") }],
    ["an order that is text", "invalid-body", { measures: { n }, orderBy: "n" }],
    ["a limit of text", "invalid-body", { measures: { n }, limit: "10" }],
    ["a limit too high", "invalid-body", { measures: { n }, limit: 10_001 }],
    ["a condition that is text", "invalid-body", { measures: { n }, where: "state = 'open'" }],
    [
      "a bucket that is none",
      "invalid-body",
      { measures: { n }, groupBy: [{ field: "dueOn", bucket: "decade" }] },
    ],
    ["a name with SQL", "invalid-query", { measures: { 'n"; drop table parcel; --': n } }],
    [
      "a group with SQL",
      "invalid-query",
      { measures: { n }, groupBy: [{ field: "state", as: 'x", 1 as "y' }] },
    ],
    ["two measures in one", "invalid-query", { measures: { n: { count: true, sum: "weight" } } }],
    ["a bucket of text", "invalid-query", { measures: { n }, groupBy: [{ field: "state", bucket: "day" }] }],
    [
      "a zone that is none",
      "invalid-query",
      { measures: { n }, groupBy: [{ field: "createdAt", bucket: "day", timeZone: "x'; --" }] },
    ],
    ["a sum of text", "invalid-query", { measures: { n: { sum: "code" } } }],
    ["an order by nothing", "invalid-query", { measures: { n }, orderBy: ["-m"] }],
    ["a condition on no measure", "invalid-query", { measures: { n }, having: { m: { gt: 1 } } }],
    ["an operator on a measure", "invalid-query", { measures: { n }, having: { n: { like: "1" } } }],
    [
      "a number for an instant",
      "invalid-query",
      { measures: { n: { max: "createdAt" } }, having: { n: { gt: 1 } } },
    ],
    ["no condition on a measure", "invalid-query", { measures: { n }, having: { n: {} } }],
    ["text for a measure", "invalid-query", { measures: { n }, having: { n: { gt: "1" } } }],
    ["a field that is none", "unknown-field", { measures: { n: { sum: "wieght" } } }],
    ["a group that is none", "unknown-field", { measures: { n }, groupBy: ["wieght"] }],
    ["a condition on no field", "unknown-field", { measures: { n }, where: { wieght: 1 } }],
    [
      "an operator that is none",
      "unknown-field",
      { measures: { n: { count: true, where: { weight: { above: 1 } } } } },
    ],
    ["a relation that is hidden", "unknown-field", { measures: { n }, where: { logs: { some: {} } } }],
  ])("refuses %s as %s", async (_, code, body) => {
    await api.fails(400, code, "POST", "/api/parcels/aggregate", { body });
  });
});
