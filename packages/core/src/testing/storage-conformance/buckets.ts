import assert from "node:assert/strict";
import type { Bucket, StorageAdapter } from "../../storage/adapter.js";
import { aggregate } from "./aggregates.js";
import { items } from "./fixtures.js";
import { group, type StorageConformanceOptions } from "./suite.js";

type Expected = readonly (readonly [instant: string, key: string])[];

/** Local time as people in the zone read it; the clock changes are the points. */
const zoned: readonly (readonly [zone: string, bucket: Bucket, expected: Expected])[] = [
  [
    "Europe/Berlin",
    "hour",
    [
      // 02:00 to 03:00 does not exist on this day,
      ["2024-03-31T00:59:59.999Z", "2024-03-31T01"],
      ["2024-03-31T01:00:00.000Z", "2024-03-31T03"],
      // and is there twice on this one.
      ["2024-10-27T00:30:00.000Z", "2024-10-27T02"],
      ["2024-10-27T01:30:00.000Z", "2024-10-27T02"],
      ["2024-10-27T02:00:00.000Z", "2024-10-27T03"],
    ],
  ],
  [
    "Europe/Berlin",
    "day",
    [
      ["2024-03-30T22:59:59.999Z", "2024-03-30"],
      ["2024-03-30T23:00:00.000Z", "2024-03-31"],
      ["2024-03-31T21:59:59.999Z", "2024-03-31"],
      ["2024-03-31T22:00:00.000Z", "2024-04-01"],
      ["1945-06-01T21:30:00.000Z", "1945-06-02"],
    ],
  ],
  [
    "America/New_York",
    "month",
    [
      ["2024-03-01T04:59:59.999Z", "2024-02"],
      ["2024-03-01T05:00:00.000Z", "2024-03"],
      ["2024-07-01T03:59:59.999Z", "2024-06"],
      ["2024-07-01T04:00:00.000Z", "2024-07"],
    ],
  ],
  [
    "Asia/Kathmandu",
    "day",
    [
      ["2024-01-01T18:14:59.999Z", "2024-01-01"],
      ["2024-01-01T18:15:00.000Z", "2024-01-02"],
    ],
  ],
  [
    "Australia/Lord_Howe",
    "hour",
    [
      // Its summer time is half an hour.
      ["2024-01-01T00:00:00.000Z", "2024-01-01T11"],
      ["2024-07-01T00:29:00.000Z", "2024-07-01T10"],
      ["2024-07-01T00:30:00.000Z", "2024-07-01T11"],
    ],
  ],
  [
    "Pacific/Auckland",
    "quarter",
    [
      ["2023-12-31T10:59:59.999Z", "2023-Q4"],
      ["2023-12-31T11:00:00.000Z", "2024-Q1"],
      ["2024-06-30T11:59:59.999Z", "2024-Q2"],
      ["2024-06-30T12:00:00.000Z", "2024-Q3"],
    ],
  ],
  [
    "Asia/Shanghai",
    "year",
    [
      ["2023-12-31T15:59:59.999Z", "2023"],
      ["2023-12-31T16:00:00.000Z", "2024"],
    ],
  ],
  [
    "America/Sao_Paulo",
    "week",
    [
      // Monday begins at midnight, three hours behind UTC.
      ["2024-12-30T02:59:59.999Z", "2024-W52"],
      ["2024-12-30T03:00:00.000Z", "2025-W01"],
    ],
  ],
];

/** Weeks of ISO 8601 belong to the year of their Thursday. */
const weeks: Expected = [
  ["2017-01-01", "2016-W52"],
  ["2017-01-02", "2017-W01"],
  ["2018-12-31", "2019-W01"],
  ["2020-12-31", "2020-W53"],
  ["2021-01-03", "2020-W53"],
  ["2021-01-04", "2021-W01"],
  ["2024-12-29", "2024-W52"],
  ["2024-12-30", "2025-W01"],
  ["2026-12-31", "2026-W53"],
];

const others: Readonly<Record<Exclude<Bucket, "hour" | "week">, Expected>> = {
  day: [
    ["2024-02-29", "2024-02-29"],
    ["1000-01-01", "1000-01-01"],
  ],
  month: [
    ["2024-02-29", "2024-02"],
    ["9999-12-31", "9999-12"],
  ],
  quarter: [
    ["2024-01-01", "2024-Q1"],
    ["2024-03-31", "2024-Q1"],
    ["2024-04-01", "2024-Q2"],
    ["2024-09-30", "2024-Q3"],
    ["2024-10-01", "2024-Q4"],
  ],
  year: [["2024-12-31", "2024"]],
};

export function bucketTests(options: StorageConformanceOptions): void {
  group(options, "buckets", (check) => {
    for (const [bucket, expected] of Object.entries({ ...others, week: weeks }) as [Bucket, Expected][]) {
      check(`put dates into the ${bucket}`, ({ adapter }) =>
        expectKeys(adapter, "day", bucket, undefined, expected),
      );
      check(`put instants into the ${bucket}, in UTC unless said otherwise`, async ({ adapter }) => {
        const instants = expected.flatMap(
          ([day, key]): Expected => [
            [`${day}T00:00:00.000Z`, key],
            [`${day}T23:59:59.999Z`, key],
          ],
        );
        await expectKeys(adapter, "at", bucket, undefined, instants);
      });
    }
    for (const [zone, bucket, expected] of zoned) {
      check(`put instants into the ${bucket} of ${zone}`, ({ adapter }) =>
        expectKeys(adapter, "at", bucket, zone, expected),
      );
    }

    check("count all instants of a year in some bucket of a zone with summer time", async ({ adapter }) => {
      const start = Date.parse("2024-01-01T00:00:00.000Z");
      const hours = Array.from({ length: 366 * 24 }, (_, hour) =>
        new Date(start + hour * 3_600_000).toISOString(),
      );
      await adapter.insertMany("item", items("at", hours));
      const rows = await aggregate(adapter, {
        groupBy: [{ as: "day", column: "at", bucket: "day", timeZone: "America/New_York" }],
        measures: [{ as: "n", fn: "count" }],
        orderBy: [{ column: "day", direction: "asc" }],
      });
      const odd = rows.filter(({ n }) => n !== 24);
      assert.deepEqual(odd, [
        { day: "2023-12-31", n: 5 },
        { day: "2024-03-10", n: 23 },
        { day: "2024-11-03", n: 25 },
        { day: "2024-12-31", n: 19 },
      ]);
      assert.equal(rows.length, 367);
    });

    check("keep NULL as a group, and group by two buckets", async ({ adapter }) => {
      await adapter.insertMany(
        "item",
        items("at", [null, "2024-01-01T00:00:00.000Z", "2024-05-01T00:00:00.000Z"]),
      );
      const rows = await aggregate(adapter, {
        groupBy: [
          { as: "year", column: "at", bucket: "year", timeZone: "Asia/Tokyo" },
          { as: "month", column: "at", bucket: "month", timeZone: "America/New_York" },
        ],
        measures: [{ as: "n", fn: "count" }],
        having: { op: "ne", column: "month", value: "2024-04" },
        orderBy: [{ column: "month", direction: "asc" }],
      });
      assert.deepEqual(rows, [
        { year: null, month: null, n: 1 },
        { year: "2024", month: "2023-12", n: 1 },
      ]);
    });
  });
}

async function expectKeys(
  adapter: StorageAdapter,
  column: "at" | "day",
  bucket: Bucket,
  timeZone: string | undefined,
  expected: Expected,
): Promise<void> {
  await adapter.insertMany(
    "item",
    items(
      column,
      expected.map(([value]) => value),
    ),
  );
  const rows = await aggregate(adapter, {
    groupBy: [
      { as: "value", column },
      { as: "key", column, bucket, ...(timeZone === undefined ? {} : { timeZone }) },
    ],
    orderBy: [{ column: "value", direction: "asc" }],
  });
  const sorted = expected
    .map(([value, key]) => ({ value, key }))
    .sort((a, b) => (a.value < b.value ? -1 : 1));
  assert.deepEqual(rows, sorted);
}
