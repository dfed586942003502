import { expect, it } from "vitest";
import { DAY_MS, dateOfDay, dayNumber, daysInMonth } from "./civil.js";

it("counts every day of the years 0001 to 9999 as Date does", () => {
  let day = dayNumber(1, 1, 1);
  expect(dateOfDay(day)).toBe("0001-01-01");
  for (let year = 1; year <= 9999; year++) {
    for (let month = 1; month <= 12; month++) {
      if (dayNumber(year, month, 1) !== day) expect.fail(`${year}-${month}`);
      day += daysInMonth(year, month);
    }
  }
  expect(day * DAY_MS).toBe(Date.parse("9999-12-31T00:00:00Z") + DAY_MS);
});

it("knows leap years", () => {
  expect([1900, 2000, 2024, 2026].map((year) => daysInMonth(year, 2))).toEqual([28, 29, 29, 28]);
});
