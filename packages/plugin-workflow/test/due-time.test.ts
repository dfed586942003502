import { defineCalendar } from "@corm/core";
import { dueTime, type TriggerOf, workingDays } from "@corm/plugin-workflow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { valuesDue } from "../src/timers/due-time.js";

const trigger = (rest: object): TriggerOf<"date"> => ({
  on: "date",
  entity: "deal",
  field: "closeDate",
  ...rest,
});
const iso = (ms: number) => new Date(ms).toISOString();
const weekdays = workingDays(null);

describe("when a date is due", () => {
  it("counts days on the wall calendar, and elapsed hours", () => {
    const zone = "Europe/Berlin";
    // The clock goes forward on 29 March 2026: nine o'clock stays nine o'clock.
    expect(iso(dueTime(trigger({ zone }), "2026-03-30", weekdays))).toBe("2026-03-30T07:00:00.000Z");
    expect(iso(dueTime(trigger({ zone, before: { days: 2 } }), "2026-03-30", weekdays))).toBe(
      "2026-03-28T08:00:00.000Z",
    );
    expect(iso(dueTime(trigger({ zone, before: { hours: 48 } }), "2026-03-30", weekdays))).toBe(
      "2026-03-28T07:00:00.000Z",
    );
    expect(iso(dueTime(trigger({ after: { minutes: 90 } }), "2026-06-30T10:00:00Z", weekdays))).toBe(
      "2026-06-30T11:30:00.000Z",
    );
  });

  it("counts working days, holidays left out", () => {
    // Monday 12 January 2026, three working days before.
    expect(iso(dueTime(trigger({ before: { workingDays: 3 } }), "2026-01-12", weekdays))).toBe(
      "2026-01-07T09:00:00.000Z",
    );
    // A Sunday has the same as the Monday after it.
    expect(iso(dueTime(trigger({ before: { workingDays: 3 } }), "2026-01-11", weekdays))).toBe(
      "2026-01-07T09:00:00.000Z",
    );
    const office = defineCalendar({
      timeZone: "UTC",
      week: { mon: [["09:00", "17:00"]], wed: [["09:00", "17:00"]], fri: [["09:00", "17:00"]] },
      holidays: ["2026-01-07"],
    });
    expect(iso(dueTime(trigger({ before: { workingDays: 2 } }), "2026-01-12", workingDays(office)))).toBe(
      "2026-01-05T09:00:00.000Z",
    );
  });

  it("grows with the value, and what is due in a stretch of time is found again", () => {
    const zones = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"];
    const offset = fc.record(
      { days: fc.nat(40), hours: fc.nat(50), workingDays: fc.nat(15) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.constantFrom("before", "after", "none"),
        offset,
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 1, max: 60 * 24 * 10 }),
        fc.boolean(),
        (zone, side, amount, day, minutes, isDate) => {
          const one = trigger({ zone, ...(side === "none" ? {} : { [side]: amount }) });
          const from = Date.UTC(2026, 0, 1 + day, 3, 7);
          const to = from + minutes * 60_000;
          const [first, end] = valuesDue(one, isDate ? "date" : "instant", from, to, weekdays);
          const step = isDate ? 86_400_000 : 3_600_000 * 7;
          const start = Date.parse(isDate ? `${first}T00:00:00Z` : first) - 5 * step;
          for (let n = 0; n < 25; n++) {
            const at = iso(start + n * step);
            const value = isDate ? at.slice(0, 10) : at;
            const due = dueTime(one, value, weekdays);
            const within = value >= first && value < end;
            if (due >= from && due < to) expect(within).toBe(true);
            else if (isDate) expect(within).toBe(false);
          }
        },
      ),
      { seed: 7, numRuns: 150 },
    );
  });
});
