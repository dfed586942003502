import { describe, expect, it } from "vitest";
import { cronTimes } from "../../src/jobs/cron.js";
import { timeZone } from "../../src/util/time-zone.js";

/** The instants of a pattern from one to another. */
function between(pattern: string, zone: string, from: string, to: string): string[] {
  const times = cronTimes(pattern, zone);
  const found: string[] = [];
  for (let at = times.after(Date.parse(from) - 1); at !== null && at < Date.parse(to); at = times.after(at))
    found.push(new Date(at).toISOString().slice(5, 16));
  return found;
}

describe("a pattern that names hours", () => {
  it("comes later by what is skipped, and once where an hour comes twice", () => {
    expect(between("30 2 * * *", "Europe/Berlin", "2027-03-27T00:00Z", "2027-03-30T00:00Z")).toEqual([
      "03-27T01:30",
      // 03:30 of summer time.
      "03-28T01:30",
      "03-29T00:30",
    ]);
    expect(between("30 2 * * *", "Europe/Berlin", "2027-10-30T00:00Z", "2027-11-02T00:00Z")).toEqual([
      "10-30T00:30",
      "10-31T00:30",
      "11-01T01:30",
    ]);
    expect(between("30 2 * * *", "America/New_York", "2027-03-13T00:00Z", "2027-03-16T00:00Z")).toEqual([
      "03-13T07:30",
      "03-14T07:30",
      "03-15T06:30",
    ]);
    // Half an hour.
    expect(between("15 2 * * *", "Australia/Lord_Howe", "2027-10-02T00:00Z", "2027-10-05T00:00Z")).toEqual([
      "10-02T15:45",
      "10-03T15:15",
      "10-04T15:15",
    ]);
  });

  it("keeps the order of instants where skipped names move behind others", () => {
    // 02:00 and 02:30 are skipped, 03:00 and 03:30 are there: two of each come together.
    expect(between("0,30 2,3 * * *", "Europe/Berlin", "2027-03-28T00:00Z", "2027-03-29T00:00Z")).toEqual([
      "03-28T01:00",
      "03-28T01:30",
    ]);
    expect(between("20 2,3 * * *", "Australia/Lord_Howe", "2027-10-02T14:00Z", "2027-10-03T14:00Z")).toEqual([
      "10-02T15:50",
      "10-02T16:20",
    ]);
  });

  const zones = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Auckland",
  ];
  it.each(zones)("comes once on every day of ten years in %s", (name) => {
    const zone = timeZone(name);
    for (const [pattern, minutes] of [
      ["30 2 * * *", 150],
      ["0 0 * * *", 0],
      ["15 1 * * *", 75],
      ["59 23 * * *", 1439],
    ] as const) {
      const times = cronTimes(pattern, name);
      let at = zone.toInstant(Date.UTC(2026, 0, 1)) - 1;
      for (let day = 0; day < 3653; day += 1) {
        // Days with a change of clock, and those around; of the others one a month.
        const local = Date.UTC(2026, 0, 1 + day, 0, minutes);
        const quiet = zone.spanAt(local - 4 * 86_400_000).to > local + 4 * 86_400_000;
        if (quiet && day % 30 !== 0) {
          at = zone.toInstant(local);
          continue;
        }
        const next = times.after(at);
        expect(next, `${pattern} on day ${day}`).toBe(zone.toInstant(local));
        at = next as number;
      }
    }
  });
});

describe("a pattern of any hour", () => {
  it("goes by elapsed time", () => {
    const spring = between("*/30 * * * *", "Europe/Berlin", "2027-03-28T00:00Z", "2027-03-28T03:00Z");
    const autumn = between("*/30 * * * *", "Europe/Berlin", "2027-10-31T00:00Z", "2027-10-31T03:00Z");
    for (const found of [spring, autumn])
      expect(found.map((text) => text.slice(6))).toEqual([
        "00:00",
        "00:30",
        "01:00",
        "01:30",
        "02:00",
        "02:30",
      ]);
    // 45 minutes off, and half an hour of change.
    expect(between("0 * * * *", "Asia/Kathmandu", "2027-01-01T00:00Z", "2027-01-01T03:00Z")).toEqual([
      "01-01T00:15",
      "01-01T01:15",
      "01-01T02:15",
    ]);
    expect(between("0 * * * *", "Australia/Lord_Howe", "2027-10-02T13:00Z", "2027-10-02T18:00Z")).toEqual([
      "10-02T13:30",
      "10-02T14:30",
      // 02:00 was skipped to 02:30.
      "10-02T16:00",
      "10-02T17:00",
    ]);
  });
});

it("knows calendars, and when there is nothing any more", () => {
  expect(between("0 12 29 2 *", "UTC", "2026-01-01T00:00Z", "2029-01-01T00:00Z")).toEqual(["02-29T12:00"]);
  expect(cronTimes("0 0 30 2 *", "UTC").after(0)).toBeNull();
  expect(cronTimes("* * 30 2 *", "UTC").after(0)).toBeNull();
});

it("refuses what it cannot read", () => {
  for (const pattern of ["", "60 * * * *", "* * * * * *", "often"])
    expect(() => cronTimes(pattern, "UTC")).toThrow("is no pattern of five fields");
  expect(() => cronTimes("* * * * *", "Mars/Olympus")).toThrow("Mars/Olympus");
});
