import { describe, expect, it } from "vitest";
import { InvalidCalendar, InvalidDuration, WorkingTimeOutOfReach } from "../errors/value-errors.js";
import {
  addWorkingTime,
  type CalendarDefinition,
  defineCalendar,
  isWorkingTime,
  type WorkingInterval,
  workingTimeBetween,
} from "./business-calendar.js";
import { toInstant } from "./clock.js";

const HOUR = 3_600_000;
const at = (text: string): number => Date.parse(text);
const everyDay = (...intervals: WorkingInterval[]): CalendarDefinition["week"] =>
  Object.fromEntries(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((day) => [day, intervals]));
const nineToFive: WorkingInterval = ["09:00", "17:00"];
const office = (more: Partial<CalendarDefinition> = {}): CalendarDefinition => ({
  timeZone: "Europe/Berlin",
  week: {
    mon: [
      ["09:00", "12:30"],
      ["13:30", "18:00"],
    ],
    tue: [nineToFive],
    wed: [nineToFive],
    thu: [nineToFive],
    fri: [["22:00", "06:00"]],
  },
  ...more,
});
const hours = (definition: CalendarDefinition, from: string, to: string): number =>
  workingTimeBetween(defineCalendar(definition), at(from), at(to)) / HOUR;
const due = (definition: CalendarDefinition, from: string, count: number): string =>
  toInstant(addWorkingTime(defineCalendar(definition), at(from), count * HOUR));

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("intervals", () => {
  it("leave the lunch break out", () => {
    expect(hours(office(), "2026-01-05T08:00:00Z", "2026-01-05T17:00:00Z")).toBe(8);
    expect(due(office(), "2026-01-05T11:00:00Z", 1)).toBe("2026-01-05T13:00:00.000Z");
  });

  it("end at closing time when they are used up exactly, not at the next opening", () => {
    expect(due(office(), "2026-01-05T08:00:00Z", 8)).toBe("2026-01-05T17:00:00.000Z");
    expect(due(office(), "2026-01-05T08:00:00Z", 8 + 1 / HOUR)).toBe("2026-01-06T08:00:00.001Z");
  });

  it("start at opening time when the clock starts outside of them", () => {
    expect(due(office(), "2026-01-03T15:00:00Z", 1)).toBe("2026-01-05T09:00:00.000Z");
    expect(due(office(), "2026-01-03T15:00:00Z", 0)).toBe("2026-01-03T15:00:00.000Z");
  });

  it("may be given in any order", () => {
    const week = {
      mon: [
        ["13:00", "15:00"],
        ["09:00", "12:00"],
      ],
    } as const;
    expect(hours({ timeZone: "UTC", week }, "2026-01-05T00:00:00Z", "2026-01-05T14:00:00Z")).toBe(4);
  });

  it("run to 24:00, around the clock", () => {
    const always: CalendarDefinition = { timeZone: "UTC", week: everyDay(["00:00", "24:00"]) };
    expect(hours(always, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")).toBe(8760);
    expect(due(always, "2026-01-01T00:00:00Z", 8760)).toBe("2027-01-01T00:00:00.000Z");
  });

  it("tell what is open now: the start is, the end is not", () => {
    const calendar = defineCalendar(office());
    const open = ["07:59:59.999", "08:00:00", "11:29:59.999", "11:30:00"].map((time) =>
      isWorkingTime(calendar, at(`2026-01-05T${time}Z`)),
    );
    expect(open).toEqual([false, true, true, false]);
  });
});

describe("overnight shifts", () => {
  it("reach into the next date", () => {
    expect(hours(office(), "2026-01-09T20:00:00Z", "2026-01-10T12:00:00Z")).toBe(8);
    expect(due(office(), "2026-01-09T20:00:00Z", 8)).toBe("2026-01-10T05:00:00.000Z");
  });

  it("belong to the date on which they start", () => {
    const span = ["2026-01-09T20:00:00Z", "2026-01-10T12:00:00Z"] as const;
    expect(hours(office({ holidays: ["2026-01-09"] }), ...span)).toBe(0);
    expect(hours(office({ holidays: ["2026-01-10"] }), ...span)).toBe(8);
  });

  it("count once where they meet the next date's hours", () => {
    const week = { mon: [["22:00", "06:00"]], tue: [["05:00", "10:00"]] } as const;
    expect(hours({ timeZone: "UTC", week }, "2026-01-05T00:00:00Z", "2026-01-07T00:00:00Z")).toBe(12);
  });
});

describe("holidays and exceptions", () => {
  it("skip to the next opening", () => {
    expect(due(office({ holidays: ["2026-01-06"] }), "2026-01-05T16:00:00Z", 2)).toBe(
      "2026-01-07T09:00:00.000Z",
    );
  });

  it("replace the date, also a holiday", () => {
    const exceptions = [{ date: "2026-01-06", intervals: [["10:00", "11:00"]] as WorkingInterval[] }];
    const day = ["2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z"] as const;
    expect(hours(office({ exceptions }), ...day)).toBe(1);
    expect(hours(office({ exceptions, holidays: ["2026-01-06", "2026-01-06"] }), ...day)).toBe(1);
    expect(hours(office({ exceptions: [{ date: "2026-01-06", intervals: [] }] }), ...day)).toBe(0);
  });

  it("may be the only working time", () => {
    const exceptions = [{ date: "2026-01-06", intervals: [nineToFive] }];
    const calendar = defineCalendar({ timeZone: "UTC", week: {}, exceptions });
    expect(toInstant(addWorkingTime(calendar, at("2025-01-01T00:00:00Z"), 8 * HOUR))).toBe(
      "2026-01-06T17:00:00.000Z",
    );
    expect(codeOf(() => addWorkingTime(calendar, at("2025-01-01T00:00:00Z"), 8 * HOUR + 1))).toBe(
      WorkingTimeOutOfReach.code,
    );
  });
});

describe("clock changes", () => {
  const night = (timeZone: string, interval: WorkingInterval): CalendarDefinition => ({
    timeZone,
    week: everyDay(interval),
  });

  it.each([
    ["a lost hour is not worked", "Europe/Berlin", ["00:00", "06:00"], "2026-03-29", 5],
    ["a repeated hour is", "Europe/Berlin", ["00:00", "06:00"], "2026-10-25", 7],
    [
      "an interval within the repeated hour is open twice",
      "Europe/Berlin",
      ["02:00", "02:30"],
      "2026-10-25",
      1,
    ],
    ["an interval within the lost hour never is", "Europe/Berlin", ["02:00", "03:00"], "2026-03-29", 0],
    ["half an hour on Lord Howe", "Australia/Lord_Howe", ["00:00", "06:00"], "2026-10-04", 5.5],
  ] as const)("%s", (_, timeZone, interval, date, expected) => {
    const noon = at(`${date}T12:00:00Z`) - (timeZone === "Australia/Lord_Howe" ? 11 * HOUR : 0);
    const calendar = defineCalendar(night(timeZone, interval));
    expect(workingTimeBetween(calendar, noon - 14 * HOUR, noon) / HOUR).toBe(expected);
  });
});

describe("long spans", () => {
  const calendar = defineCalendar(office({ holidays: ["2026-12-25"] }));

  it("are answered at once", () => {
    const from = at("2026-01-01T00:00:00Z");
    workingTimeBetween(calendar, from, from + 50 * 365 * 24 * HOUR);
    const started = performance.now();
    for (let i = 0; i < 1000; i++) {
      const to = addWorkingTime(calendar, from + i, 50_000 * HOUR);
      expect(workingTimeBetween(calendar, from + i, to)).toBe(50_000 * HOUR);
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });

  it("end with an error, never with an endless loop", () => {
    expect(codeOf(() => addWorkingTime(calendar, 0, Number.MAX_SAFE_INTEGER))).toBe(
      WorkingTimeOutOfReach.code,
    );
    expect(codeOf(() => addWorkingTime(calendar, at("9999-12-30T00:00:00Z"), 100 * HOUR))).toBe(
      WorkingTimeOutOfReach.code,
    );
    expect(
      codeOf(() => workingTimeBetween(calendar, at("0001-01-01T00:00:00Z"), at("9999-01-01T00:00:00Z"))),
    ).toBe(InvalidDuration.code);
  });
});

describe("refusals", () => {
  const calendar = defineCalendar(office());

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])("adding %d", (ms) => {
    expect(codeOf(() => addWorkingTime(calendar, 0, ms))).toBe(InvalidDuration.code);
  });

  it("counting backwards, and what is no instant", () => {
    expect(codeOf(() => workingTimeBetween(calendar, 1, 0))).toBe(InvalidDuration.code);
    expect(codeOf(() => workingTimeBetween(calendar, Number.NaN, 0))).toBe("invalid-instant");
    expect(codeOf(() => addWorkingTime(calendar, 0.5, 0))).toBe("invalid-instant");
  });

  it.each<[string, unknown]>([
    [" no-working-time", { timeZone: "UTC", week: {} }],
    [" no-working-time", { timeZone: "UTC", week: { mon: [] }, holidays: ["2026-01-01"] }],
    [" unknown-part", office({ holydays: [] } as object)],
    ["/timeZone unknown-time-zone", office({ timeZone: "Berlin" })],
    ["/week not-an-object", { timeZone: "UTC", week: null }],
    ["/week unknown-weekday", { timeZone: "UTC", week: { monday: [nineToFive] } }],
    ["/week/mon not-a-list", { timeZone: "UTC", week: { mon: "09:00-17:00" } }],
    ["/week/mon/0 invalid-interval", { timeZone: "UTC", week: { mon: [["9:00", "17:00"]] } }],
    ["/week/mon/0 invalid-interval", { timeZone: "UTC", week: { mon: [["24:00", "06:00"]] } }],
    ["/week/mon/0 invalid-interval", { timeZone: "UTC", week: { mon: [["09:00", "24:01"]] } }],
    ["/week/mon/0 invalid-interval", { timeZone: "UTC", week: { mon: [["09:00", "09:00"]] } }],
    ["/week/mon/0 invalid-interval", { timeZone: "UTC", week: { mon: [["09:00"]] } }],
    [
      "/week/mon overlapping-intervals",
      {
        timeZone: "UTC",
        week: {
          mon: [
            ["11:00", "15:00"],
            ["09:00", "12:00"],
          ],
        },
      },
    ],
    ["/holidays not-a-list", office({ holidays: "2026-01-01" } as object)],
    ["/holidays/0 invalid-date", office({ holidays: ["2026-02-29"] })],
    ["/exceptions/0/date invalid-date", office({ exceptions: [{ date: "x", intervals: [] }] })],
    ["/exceptions/0/intervals not-a-list", office({ exceptions: [{ date: "2026-01-01" }] } as object)],
    [
      "/exceptions/1/date duplicate-date",
      office({
        exceptions: [
          { date: "2026-01-01", intervals: [] },
          { date: "2026-01-01", intervals: [] },
        ],
      }),
    ],
  ])("%s", (finding, definition) => {
    try {
      defineCalendar(definition as CalendarDefinition);
      expect.unreachable();
    } catch (error) {
      expect(
        InvalidCalendar.is(error) && error.issues.map(({ pointer, code }) => `${pointer} ${code}`),
      ).toEqual([finding]);
    }
  });

  it("names every finding at once", () => {
    try {
      defineCalendar({ timeZone: "Nowhere", week: { mon: [["x", "y"]] }, holidays: ["z"] });
      expect.unreachable();
    } catch (error) {
      expect(InvalidCalendar.is(error) && error.issues.length).toBe(3);
    }
  });
});

it("keeps its own frozen copy of the definition", () => {
  const holidays = ["2026-01-06"];
  const calendar = defineCalendar(office({ holidays }));
  holidays.push("2026-01-07");
  expect(calendar.definition.holidays).toEqual(["2026-01-06"]);
  expect(() => (calendar.definition.week.mon as WorkingInterval[]).push(nineToFive)).toThrow(TypeError);
  expect(Object.isFrozen(calendar)).toBe(true);
});
