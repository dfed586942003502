import { timeZone } from "@corm/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  goesOn,
  occurrencesBetween,
  readRule,
  shiftWall,
  startsByRule,
  untilBefore,
  wallOf,
} from "./recurrence.js";

const berlin = (rule: string, startsAt = "2026-03-02T09:00:00") => ({
  rule,
  startsAt,
  timeZone: "Europe/Berlin",
});
const days = async (rule: string, to: string, startsAt?: string) =>
  (await occurrencesBetween(berlin(rule, startsAt), "2026-03-01T00:00:00", `${to}T23:59:59`)).map((one) =>
    one.slice(5, 10),
  );

describe("rules of RFC 5545", () => {
  it("leads to the days that its rule says", async () => {
    expect(await days("FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4", "2026-04-30")).toEqual([
      "03-02",
      "03-04",
      "03-09",
      "03-11",
    ]);
    expect(await days("FREQ=MONTHLY;BYDAY=1MO", "2026-06-01")).toEqual(["03-02", "04-06", "05-04", "06-01"]);
    expect(await days("FREQ=MONTHLY;BYDAY=-1FR", "2026-05-31", "2026-03-27T09:00:00")).toEqual([
      "03-27",
      "04-24",
      "05-29",
    ]);
    // A month without a 31st is left out.
    expect(await days("FREQ=MONTHLY", "2026-07-31", "2026-03-31T09:00:00")).toEqual([
      "03-31",
      "05-31",
      "07-31",
    ]);
    expect(await days("FREQ=WEEKLY;INTERVAL=2;UNTIL=20260330", "2026-12-31")).toEqual([
      "03-02",
      "03-16",
      "03-30",
    ]);
  });

  it("ends by UNTIL in UTC when clocks on the wall have got there", async () => {
    // 07:00 UTC is 09:00 in Berlin in summer.
    const rule = "FREQ=DAILY;UNTIL=20260331T070000Z";
    expect((await days(rule, "2026-04-30")).at(-1)).toBe("03-31");
    expect((await days("FREQ=DAILY;UNTIL=20260331T065959Z", "2026-04-30")).at(-1)).toBe("03-30");
    const cut = `FREQ=DAILY;UNTIL=${untilBefore("2026-04-01T09:00:00", "Europe/Berlin")}`;
    expect((await days(cut, "2026-04-30")).at(-1)).toBe("03-31");
    expect(await goesOn(berlin(cut), "2026-03-31T09:00:00")).toBe(false);
    expect(await goesOn(berlin(cut), "2026-03-31T08:59:59")).toBe(true);
  });

  it("ends before an occurrence whose time the change of clocks leaves out", async () => {
    // In Berlin there is no 02:30 on 29 March 2026.
    const cut = `FREQ=DAILY;UNTIL=${untilBefore("2026-03-29T02:30:00", "Europe/Berlin")}`;
    expect(await days(cut, "2026-04-30", "2026-03-27T02:30:00")).toEqual(["03-27", "03-28"]);
  });

  it("does not start by a rule that leads nowhere", async () => {
    await startsByRule(berlin("FREQ=WEEKLY;BYDAY=MO"));
    for (const rule of [
      "FREQ=DAILY;BYSETPOS=2",
      "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
      "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
      "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=4,6,9,11",
      "FREQ=YEARLY;BYDAY=MO;BYSETPOS=300",
    ]) {
      const begun = performance.now();
      expect(await startsByRule(berlin(rule)), rule).toBe(false);
      // Looking through thousands of periods takes seconds, and blocks everybody.
      expect(performance.now() - begun, rule).toBeLessThan(150);
    }
  });

  it("starts by rules whose first period is long or sparse", async () => {
    for (const [rule, startsAt] of [
      ["FREQ=YEARLY;INTERVAL=999", "2028-02-29T09:00:00"],
      ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29", "2028-02-29T09:00:00"],
      ["FREQ=YEARLY;BYDAY=-1FR", "2026-12-25T09:00:00"],
      ["FREQ=WEEKLY;INTERVAL=40;BYDAY=SU;WKST=SU", "2026-03-01T09:00:00"],
      ["FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=MO", "2026-03-01T09:00:00"],
      ["FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO", "2024-12-30T09:00:00"],
      ["FREQ=YEARLY;BYDAY=MO;BYSETPOS=-1", "2026-12-28T09:00:00"],
    ] as const)
      expect(await startsByRule(berlin(rule, startsAt)), rule).toBe(true);
  });

  it("says what is wrong with a rule", () => {
    for (const [rule, problem] of [
      ["FREQ=HOURLY", "FREQ=HOURLY"],
      ["COUNT=3", "needs FREQ"],
      ["FREQ=DAILY;COUNT=0", "COUNT=0"],
      ["FREQ=DAILY;COUNT=2;UNTIL=20260101", "COUNT and UNTIL"],
      ["FREQ=DAILY;BYMONTHDAY=32", "BYMONTHDAY=32"],
      ["FREQ=DAILY;UNTIL=20261399", "UNTIL=20261399"],
      ["FREQ=DAILY;UNTIL=20260230T100000", "UNTIL=20260230T100000"],
      ["FREQ=DAILY;UNTIL=20260331T990000Z", "UNTIL=20260331T990000Z"],
      ["FREQ=MONTHLY;BYDAY=0MO", "BYDAY=0MO"],
      ["FREQ=MONTHLY;BYDAY=99MO", "BYDAY=99MO"],
      ["FREQ=DAILY=3", "FREQ=DAILY=3"],
      ["FREQ=WEEKLY;BYDAY=XX", "BYDAY=XX"],
      ["FREQ=DAILY;BYHOUR=3", "BYHOUR"],
      ["FREQ=DAILY;FREQ=DAILY", "FREQ twice"],
      ["FREQ=DAILY\nDTSTART:20260101", "FREQ=DAILY"],
    ] as const)
      expect(readRule(rule), rule).toContain(problem);
  });

  it("knows whether a series begins with what its rule leads to", async () => {
    expect(await startsByRule(berlin("FREQ=WEEKLY;BYDAY=MO"))).toBe(true);
    expect(await startsByRule(berlin("FREQ=WEEKLY;BYDAY=TU"))).toBe(false);
  });

  it("keeps the clock on the wall over every change of clocks", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai"),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 364 }),
        async (zone, hour, day) => {
          const startsAt = shiftWall(`2026-01-01T${String(hour).padStart(2, "0")}:30:00`, day * 86_400_000);
          const series = { rule: "FREQ=DAILY", startsAt, timeZone: zone };
          const found = await occurrencesBetween(series, startsAt, shiftWall(startsAt, 200 * 86_400_000));
          expect(found).toHaveLength(201);
          for (const one of found) {
            expect(one.slice(11)).toBe(startsAt.slice(11));
            const shown = wallOf(timeZone(zone).toInstant(one), zone);
            // The hour that a spring has not is moved on by what it lacks, as core decides it.
            if (shown !== one)
              expect([shiftWall(one, 3_600_000), shiftWall(one, 1_800_000)]).toContain(shown);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
